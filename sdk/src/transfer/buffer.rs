//! Memory for data on its way: aligned as files opened for direct I/O want it, and used again.

use super::lock::lock;
use bytes::Bytes;
use std::sync::{Arc, Mutex};

/// What addresses, offsets and lengths must be multiples of for direct I/O on any file system, in bytes.
pub(super) const ALIGNMENT: usize = 4096;

/// Buffers of one size. It holds as many as were ever used at once, which whoever takes them bounds.
pub(super) struct BufferPool {
    size: usize,
    free: Mutex<Vec<Vec<u8>>>,
}

impl BufferPool {
    pub(super) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self { size, free: Mutex::default() })
    }

    /// A buffer with whatever it held before.
    pub(super) fn take(self: &Arc<Self>) -> Buffer {
        let memory = lock(&self.free).pop();
        let memory = memory.unwrap_or_else(|| vec![0; self.size + ALIGNMENT]);
        let offset = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Buffer { memory, offset, length: self.size, pool: self.clone() }
    }
}

/// A buffer, which goes back to its pool when it is dropped.
pub(super) struct Buffer {
    memory: Vec<u8>,
    /// Where the aligned part starts.
    offset: usize,
    length: usize,
    pool: Arc<BufferPool>,
}

impl Buffer {
    /// Makes it that long, in bytes, which is not more than the buffers of its pool are.
    pub(super) fn with_length(mut self, length: usize) -> Self {
        self.length = length.min(self.pool.size);
        self
    }

    /// The same as bytes that can be shared.
    pub(super) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.memory.get(self.offset..self.offset + self.length).unwrap_or_default()
    }
}

impl AsMut<[u8]> for Buffer {
    fn as_mut(&mut self) -> &mut [u8] {
        self.memory.get_mut(self.offset..self.offset + self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        lock(&self.pool.free).push(memory);
    }
}

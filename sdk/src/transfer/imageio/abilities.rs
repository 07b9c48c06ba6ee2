//! What a server can do, which `OPTIONS` tells.

use serde_json::Value;

/// What a server can do with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Abilities {
    features: Vec<String>,
    pub(crate) max_readers: usize,
    pub(crate) max_writers: usize,
    /// Where the same image is served to processes on the host of the server, by plain HTTP.
    pub(crate) unix_socket: Option<String>,
}

impl Default for Abilities {
    /// Those of servers that came before there was a way to ask.
    fn default() -> Self {
        Self { features: Vec::new(), max_readers: 1, max_writers: 1, unix_socket: None }
    }
}

impl Abilities {
    /// Reads what a server says of itself. Servers that leave out something cannot do it.
    ///
    /// # Errors
    ///
    /// That it is no JSON.
    pub(crate) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let told: Value = serde_json::from_slice(json)?;
        let features = told.get("features").and_then(Value::as_array).into_iter().flatten();
        let most = |name: &str| told.get(name).and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok()).unwrap_or(1);
        Ok(Self {
            features: features.filter_map(Value::as_str).map(str::to_owned).collect(),
            max_readers: most("max_readers"),
            max_writers: most("max_writers"),
            unix_socket: told.get("unix_socket").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// Whether it tells where there is data.
    pub(crate) fn has_extents(&self) -> bool {
        self.has("extents")
    }

    /// Whether it makes ranges zero without receiving zeros.
    pub(crate) fn has_zero(&self) -> bool {
        self.has("zero")
    }

    /// Whether it can leave writing to the disk for later.
    pub(crate) fn has_flush(&self) -> bool {
        self.has("flush")
    }

    /// Whether it computes checksums.
    pub(crate) fn has_checksum(&self) -> bool {
        self.has("checksum")
    }

    fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }
}

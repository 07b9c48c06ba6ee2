use super::super::error::Result;
use super::super::extent::{Extent, ExtentKind};
use super::layer::{Layer, Walk};

/// What is where on the disk of an image: extents in order and without gaps, each as long as can be.
///
/// Made by [`Image::map`](super::Image::map) and [`Image::map_layer`](super::Image::map_layer). The
/// iterator finds the extents as it goes, and ends after the first error.
pub struct Map<'a> {
    layers: &'a [Layer],
    /// One for each layer.
    walks: Vec<Walk>,
    position: u64,
    end: u64,
    /// What comes next, if it is known already.
    ahead: Option<Result<Extent>>,
}

impl<'a> Map<'a> {
    /// `end` is within the first layer.
    pub(super) fn new(layers: &'a [Layer], start: u64, end: u64) -> Self {
        Self { layers, walks: vec![Walk::default(); layers.len()], position: start, end, ahead: None }
    }

    /// The next extent, perhaps not all of it.
    fn piece(&mut self) -> Result<Option<Extent>> {
        if let Some(extent) = self.ahead.take() {
            return extent.map(Some);
        }
        let offset = self.position;
        let mut max = self.end.saturating_sub(offset);
        if max == 0 {
            return Ok(None);
        }
        let mut found = Extent::new(offset, max, ExtentKind::Hole);
        for (layer, walk) in self.layers.iter().zip(&mut self.walks) {
            if offset >= layer.size() {
                // The rest of the disk is past the end of this backing file, and so not in those behind it.
                found = Extent::new(offset, max, ExtentKind::Hole);
                break;
            }
            // What is past the end of this one may be of another kind.
            max = max.min(layer.size() - offset);
            found = walk.extent(layer, offset, max)?;
            max = found.length;
            if found.kind != ExtentKind::Hole {
                break;
            }
        }
        self.position = found.end();
        Ok(Some(found))
    }
}

impl Iterator for Map<'_> {
    type Item = Result<Extent>;

    fn next(&mut self) -> Option<Result<Extent>> {
        let first = self.piece();
        if first.is_err() {
            self.end = self.position;
        }
        let mut extent = match first.transpose()? {
            Ok(extent) => extent,
            Err(error) => return Some(Err(error)),
        };
        loop {
            match self.piece().transpose() {
                Some(Ok(next)) if extent.joins(&next) => extent.length += next.length,
                ahead => {
                    self.ahead = ahead;
                    return Some(Ok(extent));
                }
            }
        }
    }
}

//! What is measured: an image, which way it goes, and where its data is before.

use crate::clients::Client;
use crate::images::{KINDS, Kind};
use std::fmt;

/// Which way an image goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Upload,
    Download,
}

/// What it goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Http,
    Https,
}

/// Whether the source is in the page cache before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cache {
    Cold,
    Warm,
}

#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) image: &'static Kind,
    pub(crate) direction: Direction,
    pub(crate) way: Way,
    pub(crate) cache: Cache,
}

impl Cell {
    pub(crate) fn all() -> Vec<Self> {
        let mut cells = Vec::new();
        for image in &KINDS {
            for direction in [Direction::Upload, Direction::Download] {
                for way in [Way::Http, Way::Https] {
                    cells.extend([Cache::Cold, Cache::Warm].map(|cache| Self { image, direction, way, cache }));
                }
            }
        }
        cells
    }

    pub(crate) fn words(&self) -> [&'static str; 4] {
        let direction = match self.direction {
            Direction::Upload => "upload",
            Direction::Download => "download",
        };
        let way = match self.way {
            Way::Http => "http",
            Way::Https => "https",
        };
        let cache = match self.cache {
            Cache::Cold => "cold",
            Cache::Warm => "warm",
        };
        [self.image.name, direction, way, cache]
    }

    /// In how many rounds at most a client is measured here, unless it is asked for. Most of the time goes to what tells
    /// little: py1 is held to nothing, small pieces take the Python client long, and as long from either source, and the
    /// server reads past the page cache.
    pub(crate) fn most_rounds(&self, client: Client) -> usize {
        let is_fragmented = self.image.name == "frag1g";
        let is_repetition = self.cache == Cache::Warm && (is_fragmented || self.direction == Direction::Download);
        match client {
            Client::Py1 => 1,
            _ if is_repetition => 1,
            _ if is_fragmented => 3,
            _ => usize::MAX,
        }
    }

    /// Whether a client is measured here at all, unless it is asked for: curl moves every byte of a sparse image, and py1 need
    /// not be shown twice.
    pub(crate) fn is_for(&self, client: Client) -> bool {
        match client {
            Client::Curl => self.image.name != "sparse4g",
            Client::Py1 => self.cache == Cache::Cold,
            _ => true,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

//! Figures that the engine collects about its objects. Here they never change.

use crate::engine::Engine;
use crate::store::Object;
use blake2::digest::Digest;

/// A figure: name, kind, unit, and value.
type Figure = (&'static str, &'static str, &'static str, &'static str);

/// Figures by the kind of object that they are about.
const FIGURES: &[(&str, &[Figure])] = &[
    (
        "host",
        &[
            ("memory.total", "gauge", "bytes", "68719476736"),
            ("memory.used", "gauge", "bytes", "6871947673"),
            ("memory.free", "gauge", "bytes", "61847529063"),
            ("cpu.current.user", "gauge", "percent", "2"),
            ("cpu.current.system", "gauge", "percent", "1"),
            ("cpu.current.idle", "gauge", "percent", "97"),
            ("cpu.load.avg.5m", "gauge", "percent", "3"),
            ("boot.time", "gauge", "none", "1700000000"),
        ],
    ),
    (
        "vm",
        &[
            ("memory.installed", "gauge", "bytes", "1073741824"),
            ("memory.used", "gauge", "bytes", "0"),
            ("cpu.current.guest", "gauge", "percent", "0"),
            ("cpu.current.hypervisor", "gauge", "percent", "0"),
            ("cpu.current.total", "gauge", "percent", "0"),
            ("network.current.total", "gauge", "percent", "0"),
        ],
    ),
    (
        "disk",
        &[("data.current.read", "gauge", "bytes_per_second", "0"), ("data.current.write", "gauge", "bytes_per_second", "0")],
    ),
    (
        "nic",
        &[
            ("data.current.rx", "gauge", "bytes_per_second", "0"),
            ("data.current.tx", "gauge", "bytes_per_second", "0"),
            ("errors.total.rx", "counter", "count_per_second", "0"),
            ("errors.total.tx", "counter", "count_per_second", "0"),
        ],
    ),
];

/// Gives a new object its figures.
pub(super) fn attach(engine: &mut Engine, path: &str, kind: &str) {
    let Some((_, figures)) = FIGURES.iter().find(|(known, _)| *known == kind) else { return };
    let owner = path.rsplit('/').next().unwrap_or_default();
    for (name, measure, unit, value) in *figures {
        let figure = Object::reference(&id(name))
            .with("name", *name)
            .with("kind", *measure)
            .with("type", "integer")
            .with("unit", *unit)
            .with("values", vec![Object::default().with("datum", *value)])
            .with(kind, Object::reference(owner));
        engine.store.insert(&format!("{path}/statistics"), "statistic", figure);
    }
}

/// The id of a figure follows from its name.
fn id(name: &str) -> String {
    let digest = blake2::Blake2s256::digest(name.as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, source)| *byte = source);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_the_model() {
        let known = |name: &str, text: &str| model::ovirt().enums[name].values.iter().any(|value| value.name == text);
        for (kind, figures) in FIGURES {
            assert!(model::ovirt().structs["statistic"].member(kind).is_some(), "{kind}");
            for (name, measure, unit, value) in *figures {
                assert!(known("statistic_kind", measure) && known("statistic_unit", unit), "{name}");
                assert!(value.parse::<u64>().is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn ids_follow_from_names() {
        assert_eq!(id("memory.used"), id("memory.used"));
        assert_ne!(id("memory.used"), id("memory.free"));
    }
}

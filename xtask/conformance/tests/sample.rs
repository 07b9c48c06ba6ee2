//! The sample of records in the repository.

use conformance::{Options, Part};

#[test]
fn the_sdk_does_what_is_recorded() {
    let report = conformance::run(&Options::default()).expect("the records can be read");
    assert!(report.is_success(), "\n{report}");
    for part in Part::ALL {
        assert!(report.records(part) > 0, "{} has no records", part.name());
    }
}

//! What an import changes.

use super::{import, published};

#[test]
fn what_our_documents_say_changes_nothing() {
    for form in ["json", "yaml"] {
        let (_, report, changed) = import(form, &published());
        assert_eq!(report, ["the documents say the same already; nothing was written"], "{form}");
        assert_eq!(changed, [""; 0], "{form}");
    }
}

//! The order of items: ours, with what is new where the source has it.

/// Arranges what the source has: items that we know in our order, a new one behind the item that it
/// follows in the source. Keys are unique.
pub(super) fn arrange<T>(ours: &[String], source: Vec<(String, T)>) -> Vec<T> {
    let known = |key: &String| source.iter().any(|(other, _)| other == key);
    let mut order: Vec<String> = ours.iter().filter(|key| known(key)).cloned().collect();
    let mut previous: Option<&String> = None;
    for (key, _) in &source {
        if !ours.contains(key) {
            let behind = previous.and_then(|previous| order.iter().position(|other| other == previous));
            order.insert(behind.map_or(0, |position| position + 1), key.clone());
        }
        previous = Some(key);
    }
    let mut items: Vec<(usize, T)> = source
        .into_iter()
        .map(|(key, item)| (order.iter().position(|other| *other == key).unwrap_or(usize::MAX), item))
        .collect();
    items.sort_by_key(|(position, _)| *position);
    items.into_iter().map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged(ours: &str, source: &str) -> String {
        let key = |c: char| c.to_string();
        let ours: Vec<String> = ours.chars().map(key).collect();
        arrange(&ours, source.chars().map(|c| (key(c), c)).collect()).into_iter().collect()
    }

    #[test]
    fn our_order_stays_and_new_items_follow_their_neighbour() {
        assert_eq!(arranged("abc", "abc"), "abc");
        assert_eq!(arranged("abc", "cab"), "abc");
        assert_eq!(arranged("abc", "ac"), "ac");
        assert_eq!(arranged("abc", "abxyc"), "abxyc");
        assert_eq!(arranged("abc", "xabc"), "xabc");
        assert_eq!(arranged("abc", "cxab"), "abcx");
        assert_eq!(arranged("", "xyz"), "xyz");
    }
}

//! Names to choose from, for messages.

pub(crate) fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Suggests the name that is closest, if any is close.
pub(crate) fn nearest<'n>(wrong: &str, right: impl Iterator<Item = &'n str>, otherwise: &str) -> String {
    match right.map(|name| (distance(wrong, name), name)).min() {
        Some((distance, name)) if distance <= 2 => format!("did you mean `{name}`?"),
        _ => format!("it must be {otherwise}"),
    }
}

/// Number of letters to change, add or drop.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.chars().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

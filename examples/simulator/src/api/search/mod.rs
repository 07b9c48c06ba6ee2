//! The search language of the engine: `name=my* and status=up sortby name desc page 2`.

mod fields;
mod parse;
mod pattern;

use crate::engine::Engine;
use crate::store::Object;
use parse::{Condition, Join, Query};
use pattern::Pattern;
use std::cmp::Ordering;

/// Objects that a search found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Their paths, in order.
    pub(crate) paths: Vec<String>,
    /// The page that the search asks for, from 1.
    pub(crate) page: usize,
}

/// Searches among the objects at those paths. Nothing where the search is invalid.
pub(crate) fn run(engine: &Engine, kind: &str, text: &str, case_sensitive: bool, paths: Vec<String>) -> Option<Found> {
    let query = parse::parse(text)?;
    let tests = query.conditions.iter().map(|(_, condition)| Test::new(engine, kind, condition, case_sensitive));
    let tests = tests.collect::<Option<Vec<_>>>()?;
    let sort = match &query.sort {
        Some((field, _)) => Some(fields::resolve(engine.model, kind, None, field)?),
        None => None,
    };
    let mut paths = paths;
    paths.retain(|path| engine.store.object(path).is_some_and(|object| holds(engine, &query, &tests, object)));
    if let (Some(field), Some((_, descending))) = (sort, &query.sort) {
        let key = |path: &str| {
            engine.store.object(path).and_then(|object| field.values(engine, object).into_iter().next()).unwrap_or_default()
        };
        let mut keyed: Vec<(String, String)> = paths.into_iter().map(|path| (key(&path), path)).collect();
        keyed.sort_by(|(left, _), (right, _)| compare(left, right));
        if *descending {
            keyed.reverse();
        }
        paths = keyed.into_iter().map(|(_, path)| path).collect();
    }
    Some(Found { paths, page: query.page })
}

/// A condition with its field and its pattern.
struct Test {
    fields: Vec<fields::Field>,
    relation: parse::Relation,
    pattern: Pattern,
}

impl Test {
    fn new(engine: &Engine, kind: &str, condition: &Condition, case_sensitive: bool) -> Option<Self> {
        match condition {
            Condition::Free(value) => {
                let names = ["name", "description", "comment"];
                let fields = names.iter().filter_map(|name| fields::resolve(engine.model, kind, None, name)).collect();
                let pattern = Pattern::new(&format!("*{value}*"), false);
                Some(Test { fields, relation: parse::Relation::Equal, pattern })
            }
            Condition::Field { object, field, relation, value } => {
                let field = fields::resolve(engine.model, kind, object.as_deref(), field)?;
                let is_ordered = !matches!(relation, parse::Relation::Equal | parse::Relation::Unequal);
                if !field.takes(engine.model, value) || (is_ordered && !field.is_ordered()) {
                    return None;
                }
                let is_plain = field.is_enumerated();
                Some(Test { fields: vec![field], relation: *relation, pattern: Pattern::new(value, case_sensitive && !is_plain) })
            }
        }
    }

    fn holds(&self, engine: &Engine, object: &Object) -> bool {
        let values: Vec<String> = self.fields.iter().flat_map(|field| field.values(engine, object)).collect();
        match self.relation {
            parse::Relation::Unequal => !values.iter().any(|value| self.pattern.matches(value)),
            parse::Relation::Equal => values.iter().any(|value| self.pattern.matches(value)),
            relation => values.iter().any(|value| relation.allows(compare(value, self.pattern.text()))),
        }
    }
}

/// `and` binds closer than `or`.
fn holds(engine: &Engine, query: &Query, tests: &[Test], object: &Object) -> bool {
    let mut any = false;
    let mut all = true;
    for ((join, _), test) in query.conditions.iter().zip(tests) {
        if *join == Join::Or {
            any |= all;
            all = true;
        }
        all = all && test.holds(engine, object);
    }
    any || all
}

/// Numbers by size, everything else by letters.
fn compare(left: &str, right: &str) -> Ordering {
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.total_cmp(&right),
        _ => left.cmp(right),
    }
}

//! Reader of searches.

use std::cmp::Ordering;

/// A whole search.
#[derive(Debug, PartialEq)]
pub(super) struct Query {
    /// Conditions, each with what joins it to those before.
    pub(super) conditions: Vec<(Join, Condition)>,
    /// Field to sort by, and whether the largest comes first.
    pub(super) sort: Option<(String, bool)>,
    /// Page, from 1.
    pub(super) page: usize,
}

/// What joins a condition to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// Both have to hold.
    And,
    /// One has to hold.
    Or,
}

/// One condition.
#[derive(Debug, PartialEq)]
pub(super) enum Condition {
    /// A text that any of the usual fields has to contain.
    Free(String),
    /// A comparison.
    Field {
        /// Kind of object that has the field, where it is another one.
        object: Option<String>,
        /// Name of the field.
        field: String,
        /// How it compares.
        relation: Relation,
        /// To what.
        value: String,
    },
}

/// How values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
}

/// Relations, the longer ones first.
const RELATIONS: &[(&str, Relation)] = &[
    ("!=", Relation::Unequal),
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("=", Relation::Equal),
    ("<", Relation::Less),
    (">", Relation::Greater),
];

impl Relation {
    /// Whether values in that order fit.
    pub(super) fn allows(self, order: Ordering) -> bool {
        match self {
            Relation::Equal => order.is_eq(),
            Relation::Unequal => order.is_ne(),
            Relation::Less => order.is_lt(),
            Relation::Greater => order.is_gt(),
            Relation::AtMost => order.is_le(),
            Relation::AtLeast => order.is_ge(),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Relation(Relation),
}

impl Token {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// Reads a search. Nothing where it is invalid.
pub(super) fn parse(text: &str) -> Option<Query> {
    let tokens = tokens(text)?;
    let mut query = Query { conditions: Vec::new(), sort: None, page: 1 };
    let mut rest = tokens.as_slice();
    let mut join = Join::And;
    let mut wants_condition = false;
    while let Some((token, after)) = rest.split_first() {
        if token.is("page") && !matches!(after.first(), Some(Token::Relation(_))) {
            let [Token::Word(number)] = after else { return None };
            query.page = number.parse().ok().filter(|page| *page > 0)?;
            rest = &[];
        } else if token.is("sortby") {
            let (Token::Word(field), after) = after.split_first()? else { return None };
            let descending = after.first().is_some_and(|token| token.is("desc"));
            let has_direction = descending || after.first().is_some_and(|token| token.is("asc"));
            query.sort = Some((field.clone(), descending));
            rest = if has_direction { after.get(1..)? } else { after };
            if !matches!(rest.first(), None | Some(Token::Word(_))) || rest.first().is_some_and(|token| !token.is("page")) {
                return None;
            }
        } else if token.is("and") || token.is("or") {
            if query.conditions.is_empty() || wants_condition {
                return None;
            }
            join = if token.is("or") { Join::Or } else { Join::And };
            wants_condition = true;
            rest = after;
        } else {
            let (condition, after) = condition(rest)?;
            query.conditions.push((join, condition));
            join = Join::And;
            wants_condition = false;
            rest = after;
        }
    }
    if wants_condition { None } else { Some(query) }
}

fn condition(tokens: &[Token]) -> Option<(Condition, &[Token])> {
    match tokens {
        [Token::Word(name), Token::Relation(relation), Token::Word(value) | Token::Quoted(value), rest @ ..] => {
            let (object, field) = match name.split_once('.') {
                Some((object, field)) => (Some(object.to_owned()), field.to_owned()),
                None => (None, name.clone()),
            };
            Some((Condition::Field { object, field, relation: *relation, value: value.clone() }, rest))
        }
        [Token::Word(_), Token::Relation(_), ..] | [Token::Relation(_), ..] | [] => None,
        [Token::Word(text) | Token::Quoted(text), rest @ ..] => Some((Condition::Free(text.clone()), rest)),
    }
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    if text.contains(['\'', ';']) {
        return None;
    }
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = if let Some(quoted) = rest.strip_prefix('"') {
            let (text, after) = quoted.split_once('"')?;
            (Token::Quoted(text.to_owned()), after)
        } else if let Some((sign, relation)) = RELATIONS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            (Token::Relation(*relation), rest.get(sign.len()..)?)
        } else if "()!".contains(first) {
            return None;
        } else {
            // A value may hold signs, such as the `=` at the end of a text in base 64; a name may not.
            let is_value = matches!(tokens.last(), Some(Token::Relation(_)));
            let ends = |letter: char| letter.is_whitespace() || letter == '"' || (!is_value && "=!<>".contains(letter));
            let end = rest.find(ends).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            (Token::Word(word.to_owned()), after)
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> (Option<String>, String, Relation, String) {
        let mut query = parse(text).unwrap_or_else(|| panic!("{text} is valid"));
        match query.conditions.remove(0).1 {
            Condition::Field { object, field, relation, value } => (object, field, relation, value),
            Condition::Free(text) => panic!("{text} is a comparison"),
        }
    }

    #[test]
    fn comparisons() {
        assert_eq!(field("name=my*"), (None, "name".into(), Relation::Equal, "my*".into()));
        assert_eq!(field("name = \"my vm\""), (None, "name".into(), Relation::Equal, "my vm".into()));
        assert_eq!(field("Clusters.name!=x"), (Some("Clusters".into()), "name".into(), Relation::Unequal, "x".into()));
        assert_eq!(field("size>=10"), (None, "size".into(), Relation::AtLeast, "10".into()));
        assert_eq!(field("id=a=b"), (None, "id".into(), Relation::Equal, "a=b".into()));
    }

    #[test]
    fn joins_sorting_and_pages() {
        let query = parse("name=a OR name=b status=up sortby name desc page 3").expect("valid");
        let joins: Vec<Join> = query.conditions.iter().map(|(join, _)| *join).collect();
        assert_eq!(joins, [Join::And, Join::Or, Join::And]);
        assert_eq!((query.sort, query.page), (Some(("name".into(), true)), 3));
        assert_eq!(parse("").map(|query| query.conditions.len()), Some(0));
        assert_eq!(parse("page 2").map(|query| query.page), Some(2));
        assert_eq!(parse("vm1").map(|query| query.conditions), Some(vec![(Join::And, Condition::Free("vm1".into()))]));
    }

    #[test]
    fn invalid_searches() {
        for text in [
            "name=",
            "=x",
            "name=a and",
            "and name=a",
            "(name=a)",
            "name='a'",
            "name=a;",
            "name=\"a",
            "page 0",
            "page x",
            "sortby",
            "name=a or or name=b",
            "sortby name x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

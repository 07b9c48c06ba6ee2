//! Calls as `connection.jsonl` has them, such as `vms.vm('1').get(all_content=False) x2`.

use serde_json::Value;

/// A call: the way to a method and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    /// Names with their arguments, the method last.
    pub(crate) steps: Vec<Step>,
    /// How often the call is made.
    pub(crate) times: usize,
}

/// One name of the way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// The name.
    pub(crate) name: String,
    /// Arguments; none either when there are no parentheses.
    pub(crate) arguments: Vec<Argument>,
}

/// One argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Argument {
    /// Its name, if it is given by name.
    pub(crate) name: Option<String>,
    /// Its value.
    pub(crate) value: Operand,
}

/// Value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    /// A text, number or truth value; null for `None`.
    Plain(Value),
    /// Texts by name; `None` where that was given.
    Map(Vec<(String, Option<String>)>),
    /// An object of that class that stands at that path: `Vm '/ovirt-engine/api/vms/1'`.
    At(String, String),
    /// A name, or an object made in place, of which no more is known.
    Opaque(String),
}

impl Expression {
    /// Reads a call.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (call, times) = match text.rsplit_once(" x") {
            Some((call, times)) if !times.is_empty() && times.bytes().all(|b| b.is_ascii_digit()) => (call, times.parse()),
            _ => (text, Ok(1)),
        };
        let times = times.map_err(|_| format!("`{text}` is done too often"))?;
        let mut parser = Parser { rest: call };
        let steps = parser.steps().ok_or_else(|| format!("`{text}` is no call that this runner can read"))?;
        Ok(Self { steps, times })
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn steps(&mut self) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            let name = self.name()?;
            let arguments = if self.eat('(') { self.arguments()? } else { Vec::new() };
            steps.push(Step { name, arguments });
            if self.rest.trim().is_empty() {
                return Some(steps);
            }
            if !self.eat('.') {
                return None;
            }
        }
    }

    /// What stands up to the closing parenthesis.
    fn arguments(&mut self) -> Option<Vec<Argument>> {
        let mut arguments = Vec::new();
        while !self.eat(')') {
            arguments.push(self.argument()?);
            if !self.eat(',') && !self.rest.trim_start().starts_with(')') {
                return None;
            }
        }
        Some(arguments)
    }

    fn argument(&mut self) -> Option<Argument> {
        let before = self.rest;
        if let Some(name) = self.name() {
            if self.eat('=') {
                return Some(Argument { name: Some(name), value: self.operand()? });
            }
            self.rest = before;
        }
        Some(Argument { name: None, value: self.operand()? })
    }

    fn operand(&mut self) -> Option<Operand> {
        if let Some(text) = self.quoted() {
            return Some(Operand::Plain(text.into()));
        }
        if self.eat('{') {
            return self.map();
        }
        if let Some(number) = self.number() {
            return Some(Operand::Plain(number));
        }
        let name = self.name()?;
        Some(match name.as_str() {
            "True" => Operand::Plain(true.into()),
            "False" => Operand::Plain(false.into()),
            "None" => Operand::Plain(Value::Null),
            _ => match self.quoted() {
                Some(path) => Operand::At(name, path),
                None => {
                    if self.eat('(') {
                        self.arguments()?;
                    }
                    Operand::Opaque(name)
                }
            },
        })
    }

    /// What stands up to the closing brace.
    fn map(&mut self) -> Option<Operand> {
        let mut pairs = Vec::new();
        while !self.eat('}') {
            let key = self.quoted()?;
            if !self.eat(':') {
                return None;
            }
            pairs.push((
                key,
                match self.operand()? {
                    Operand::Plain(Value::Null) => None,
                    Operand::Plain(Value::String(text)) => Some(text),
                    Operand::Plain(value) => Some(value.to_string()),
                    _ => return None,
                },
            ));
            self.eat(',');
        }
        Some(Operand::Map(pairs))
    }

    fn quoted(&mut self) -> Option<String> {
        let rest = self.rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (text, rest) = rest.strip_prefix(quote)?.split_once(quote)?;
        self.rest = rest;
        Some(text.to_owned())
    }

    fn number(&mut self) -> Option<Value> {
        let rest = self.rest.trim_start();
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
        let (digits, rest) = rest.split_at_checked(length)?;
        let number: i64 = digits.parse().ok()?;
        self.rest = rest;
        Some(number.into())
    }

    /// A name, which may be of several words.
    fn name(&mut self) -> Option<String> {
        let rest = self.rest.trim_start();
        let length = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ' ')).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        let name = name.trim_end();
        name.starts_with(|c: char| c.is_alphabetic() || c == '_').then(|| name.to_owned())
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.trim_start().strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step(name: &str, arguments: Vec<Argument>) -> Step {
        Step { name: name.to_owned(), arguments }
    }

    fn named(name: &str, value: Operand) -> Argument {
        Argument { name: Some(name.to_owned()), value }
    }

    fn plain(value: Operand) -> Argument {
        Argument { name: None, value }
    }

    #[test]
    fn calls() {
        let texts = Operand::Map(vec![("X-A".to_owned(), None), ("b".to_owned(), Some("9".to_owned()))]);
        for (text, times, steps) in [
            ("add", 1, vec![step("add", vec![])]),
            ("statistic values", 1, vec![step("statistic values", vec![])]),
            ("vms.list() x2", 2, vec![step("vms", vec![]), step("list", vec![])]),
            (
                "vms.vm('a%20b').get(all_content=False, max=-3)",
                1,
                vec![
                    step("vms", vec![]),
                    step("vm", vec![plain(Operand::Plain(json!("a%20b")))]),
                    step(
                        "get",
                        vec![named("all_content", Operand::Plain(json!(false))), named("max", Operand::Plain(json!(-3)))],
                    ),
                ],
            ),
            (
                "vms.list(headers={'X-A':None, 'b': '9'})",
                1,
                vec![step("vms", vec![]), step("list", vec![named("headers", texts)])],
            ),
            ("f(search)", 1, vec![step("f", vec![plain(Operand::Opaque("search".to_owned()))])]),
            ("f(Vm(name='n'))", 1, vec![step("f", vec![plain(Operand::Opaque("Vm".to_owned()))])]),
            ("f(List '/x')", 1, vec![step("f", vec![plain(Operand::At("List".to_owned(), "/x".to_owned()))])]),
        ] {
            assert_eq!(Expression::parse(text), Ok(Expression { steps, times }), "{text}");
        }
    }

    #[test]
    fn what_is_no_call() {
        for text in ["", "vms.", "f(", "f('a)", "f(a b", "f({1: 2})", "f()g"] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}

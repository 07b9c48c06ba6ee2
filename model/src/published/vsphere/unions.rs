//! Unions: which members are there with which value of another one.

use super::context::Context;
use super::types::EnumValues;
use super::{Relevance, Struct};
use crate::declared::{Case, Member, Union};
use crate::published::merge::here;

/// Our unions with what the source tells of their members. Where it does not tell anything, and which
/// members must be there, is ours.
pub(super) fn merge(
    source: &Struct,
    name: &str,
    members: &[Member],
    ours: &[Union],
    enums: &EnumValues,
    context: &mut Context<'_>,
) -> Vec<Union> {
    let mut unions: Vec<Union> = ours.iter().map(copy).collect();
    unions.retain_mut(|union| still_there(union, members, enums));
    for gone in ours.iter().filter(|union| !unions.iter().any(|kept| kept.by.text == union.by.text)) {
        context.remark(format!("the union by `{name}.{}` is gone", gone.by.text));
    }
    for member in &source.members {
        let Some(relevance) = &member.relevance else { continue };
        let Some(own) = members.iter().find(|own| super::types::is_same(own, &member.name.text)) else { continue };
        let Some((by, values)) = discriminant(relevance, members, enums) else {
            context.remark(format!(
                "`{name}.{}` depends on `{}`, which is no member whose type is an enum; if it is a union, write it down",
                own.name.text, relevance.by
            ));
            continue;
        };
        if let Some(unknown) = relevance.values.iter().find(|value| !values.contains(value)) {
            let message = format!("`{}` depends on the value `{unknown}` of `{by}`, which has none of that name", own.name.text);
            context.fault(member.name.at, message);
            continue;
        }
        let position = unions.iter().position(|union| union.by.text == by).unwrap_or_else(|| {
            context.remark(format!(
                "the union by `{name}.{by}` is new; the source does not tell which members must be there: write `mandatory=\"true\"` to those"
            ));
            // Every value is a case, so that one can see that nothing was forgotten.
            let cases = values.iter().map(|value| Case { value: here(value), members: Vec::new() });
            unions.push(Union { by: here(&by), cases: cases.collect() });
            unions.len() - 1
        });
        if let Some(union) = unions.get_mut(position) {
            place(union, &own.name.text, &relevance.values);
        }
    }
    unions
}

fn copy(union: &Union) -> Union {
    let cases = union.cases.iter().map(|case| Case { value: case.value.clone(), members: case.members.clone() });
    Union { by: union.by.clone(), cases: cases.collect() }
}

/// Removes the cases and members that the source no longer has. Returns whether something is left to tell.
fn still_there(union: &mut Union, members: &[Member], enums: &EnumValues) -> bool {
    let by = members.iter().find(|member| member.name.text == union.by.text);
    let Some(values) = by.and_then(|by| enums.get(&by.ty.text)) else { return false };
    union.cases.retain(|case| values.contains(&case.value.text));
    for case in &mut union.cases {
        case.members.retain(|(name, _)| members.iter().any(|member| member.name.text == name.text));
    }
    union.cases.iter().any(|case| !case.members.is_empty())
}

/// The member that tells, and the values that it may have.
fn discriminant<'e>(relevance: &Relevance, members: &[Member], enums: &'e EnumValues) -> Option<(String, &'e Vec<String>)> {
    let by = members.iter().find(|member| super::types::is_same(member, &relevance.by))?;
    Some((by.name.text.clone(), enums.get(&by.ty.text)?))
}

/// Makes a member one of the cases of these values, and of no others.
fn place(union: &mut Union, name: &str, values: &[String]) {
    let is_it = |member: &(crate::declared::Located, bool)| member.0.text == name;
    let mandatory = union.cases.iter().flat_map(|case| &case.members).find(|member| is_it(member)).is_some_and(|member| member.1);
    for value in values {
        if !union.cases.iter().any(|case| case.value.text == *value) {
            union.cases.push(Case { value: here(value), members: Vec::new() });
        }
    }
    for case in &mut union.cases {
        if !values.contains(&case.value.text) {
            case.members.retain(|member| !is_it(member));
        } else if !case.members.iter().any(is_it) {
            case.members.push((here(name), mandatory));
        }
    }
}

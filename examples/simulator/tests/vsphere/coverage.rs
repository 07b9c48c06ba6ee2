//! Every operation of the model is answered, in each dialect that has it.

use crate::client::{BOTH, find};
use crate::support::start;
use model::{Direction, Type, Use};
use serde_json::{Map, Value, json};

/// A value of a type with nothing but what is mandatory.
fn sample(ty: &Type, usage: &str) -> Value {
    let model = model::vsphere();
    match ty {
        Type::Boolean => json!(true),
        Type::Integer | Type::Decimal => json!(1),
        Type::Date => json!("2026-01-02T03:04:05.678Z"),
        Type::String | Type::Id(_) => json!("sample"),
        Type::Enum(name) => json!(model.enums[name].values[0].name),
        Type::Struct(name) => {
            let known = &model.structs[name];
            let needed = |member: &&model::Member| {
                let is_required = member.uses.iter().any(|used| *used == (usage.to_owned(), Use::Required));
                let cases = known.unions.iter().filter_map(|union| Some((union, known.member(&union.discriminant)?)));
                let by_union = cases.filter(|(_, discriminant)| discriminant.mandatory).any(|(union, discriminant)| {
                    let value = sample(&discriminant.ty, usage);
                    let case = union.cases.iter().find(|case| value == case.value.as_str());
                    case.is_some_and(|case| case.members.contains(&(member.name.clone(), true)))
                });
                member.mandatory || is_required || by_union
            };
            let members = known.members.iter().filter(needed);
            Value::Object(members.map(|member| (crate::decode::tag(member).to_owned(), sample(&member.ty, usage))).collect())
        }
        Type::Dynamic(_) | Type::Map(..) => json!({}),
        Type::Opaque => Value::Null,
        Type::List(item) | Type::Set(item) => json!([sample(item, usage)]),
    }
}

#[tokio::test]
async fn every_operation_is_known() {
    let mut count = 0;
    for dialect in BOTH {
        let (_vcenter, client) = start(dialect).await;
        for (service, method) in model::vsphere().services.values().flat_map(|s| s.methods.iter().map(move |method| (s, method)))
        {
            if service.name == "cis.session" {
                continue;
            }
            let name = format!("{}.{}", service.name, method.name);
            let inputs = method.parameters.iter().filter(|p| p.direction != Direction::Out && p.mandatory);
            let usage = if matches!(method.name.as_str(), "copy" | "migrate") { "create" } else { &method.name };
            let arguments: Map<String, Value> = inputs.map(|p| (p.name.clone(), sample(&p.ty, usage))).collect();
            match client.try_call(&name, Value::Object(arguments)).await {
                Ok(_) => {}
                Err(refusal) => {
                    let fits = !matches!(
                        refusal.error.as_str(),
                        "vapi.std.errors.operation_not_found" | "vapi.std.errors.internal_server_error"
                    );
                    // What the simulator says must be what the model declares for the operation, but for what the
                    // infrastructure says about arguments.
                    let is_declared =
                        find(&name).1.errors.contains(&refusal.error) || refusal.error == "vapi.std.errors.invalid_argument";
                    assert!(fits && is_declared, "{name}: {refusal:?}");
                }
            }
            count += 1;
        }
    }
    assert_eq!(count, 2 * 91);
}

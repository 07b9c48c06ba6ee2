//! Faults as JSON.

use super::Object;
use crate::faults::{Effect, Fault, Target};

/// Members that say which requests a fault meets.
const REQUESTS: &[&str] = &["at", "method", "path", "skip", "times"];

/// Effects by name, with the members that belong to each.
const EFFECTS: &[(&str, &[&str])] = &[
    ("status", &["status", "reason", "detail", "retry_after"]),
    ("html", &["status"]),
    ("invalid_grant", &["status"]),
    ("invalid_grant_page", &["status"]),
    ("empty", &["status"]),
    ("hang_up", &[]),
    ("content_type", &["content_type"]),
    ("close_after", &["bytes"]),
    ("cut_body", &["bytes"]),
    ("slow", &["bytes", "pause"]),
    ("delay", &["seconds"]),
    ("unknown_enum", &["element"]),
    ("without", &["member"]),
    ("unknown_element", &[]),
    ("in_list", &[]),
    ("accepted", &[]),
];

/// Reads a fault.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn read(body: &Object) -> Result<Fault, String> {
    let name = body.text("fault")?.ok_or_else(|| format!("'fault' is missing: one of {}", names()))?;
    let known = EFFECTS.iter().find(|(known, _)| *known == name);
    let (_, members) = known.ok_or_else(|| format!("there is no fault '{name}'; there are {}", names()))?;
    body.check(&format!("the fault '{name}'"), &[&["fault"][..], members, REQUESTS].concat())?;
    let mut fault = Fault::new(effect(&name, body)?);
    fault.requests.target = target(body, if name == "in_list" { Target::SignIn } else { Target::Api })?;
    fault.requests.method = body.text("method")?;
    fault.requests.path = body.text("path")?;
    fault.skip = body.number("skip")?.unwrap_or_default();
    fault.times = body.number("times")?;
    Ok(fault)
}

fn names() -> String {
    EFFECTS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn target(body: &Object, usual: Target) -> Result<Target, String> {
    match body.text("at")?.as_deref() {
        None => Ok(usual),
        Some("api") => Ok(Target::Api),
        Some("sign_in") => Ok(Target::SignIn),
        Some("images") => Ok(Target::Images),
        Some("everything") => Ok(Target::Everything),
        Some(other) => Err(format!("'at' is api, sign_in, images or everything, not '{other}'")),
    }
}

fn effect(name: &str, body: &Object) -> Result<Effect, String> {
    let missing = |member: &str| format!("'{member}' is missing: the fault '{name}' needs it");
    let text = |member: &str| body.text(member)?.ok_or_else(|| missing(member));
    let number = |member: &str| body.number(member)?.ok_or_else(|| missing(member));
    let time = |member: &str| body.time(member)?.ok_or_else(|| missing(member));
    let status = |usual: Option<u64>| {
        let given = body.number("status")?.or(usual).ok_or_else(|| missing("status"))?;
        let status = u16::try_from(given).ok().filter(|status| (200..600).contains(status));
        status.ok_or_else(|| format!("'status' is between 200 and 599, not {given}"))
    };
    Ok(match name {
        "status" => {
            let (reason, detail) = (body.text("reason")?, body.text("detail")?);
            Effect::Refuse { status: status(None)?, reason, detail, retry_after: body.number("retry_after")? }
        }
        "html" => Effect::Html { status: status(None)? },
        "invalid_grant" => Effect::InvalidGrant { status: status(Some(400))?, is_page: false },
        "invalid_grant_page" => Effect::InvalidGrant { status: status(Some(401))?, is_page: true },
        "empty" => Effect::Empty { status: status(None)? },
        "hang_up" => Effect::HangUp,
        "content_type" => Effect::ContentType(text("content_type")?),
        "close_after" => Effect::CloseAfter(number("bytes")?),
        "cut_body" => Effect::CutBody(number("bytes")?),
        "slow" => {
            let bytes = usize::try_from(number("bytes")?).map_err(|_| "'bytes' is too large".to_owned())?;
            Effect::Slow { bytes, pause: time("pause")? }
        }
        "delay" => Effect::Delay(time("seconds")?),
        "unknown_enum" => Effect::UnknownEnum(body.text("element")?),
        "without" => Effect::Without(text("member")?),
        "unknown_element" => Effect::UnknownElement,
        "in_list" => Effect::InList,
        "accepted" => Effect::Accepted,
        _ => return Err(format!("there is no fault '{name}'; there are {}", names())),
    })
}

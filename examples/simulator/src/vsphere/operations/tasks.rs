//! `cis.tasks`.

use super::{Operations, library_delete};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::{Members, Record};
use crate::vsphere::state::{Effect, Status, Task, Vcenter};
use serde_json::Value;

pub(super) const OPERATIONS: Operations = &[("cancel", cancel), ("get", get), ("list", list)];

fn find<'a>(vcenter: &'a mut Vcenter, id: &str) -> Result<&'a mut Task, Fault> {
    vcenter.tasks.get_mut(id).ok_or_else(|| Fault::not_found("task", id))
}

/// A task as the API has it. None of them returns anything but what its target tells.
fn value(vcenter: &Vcenter, task: &Task, spec: Option<&Record>) -> Value {
    let mut value = task.value(vcenter.model.namespace.as_deref().unwrap_or_default());
    let excludes = spec.and_then(|spec| spec.flag("exclude_result")).unwrap_or_default();
    if task.status == Status::Succeeded && !excludes && matches!(task.effect, Effect::Copy { .. }) {
        value["result"] = task.target.1.clone().into();
    }
    value
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let task = find(vcenter, arguments.id("task"))?.clone();
    Ok(value(vcenter, &task, arguments.record("spec")))
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let filter = arguments.record("filter_spec").cloned().unwrap_or_default();
    let given = |name: &str| filter.list(name).unwrap_or_default();
    if given("tasks").is_empty() && given("services").is_empty() {
        return Err(Fault::invalid_argument("'filter_spec' must give 'tasks' or 'services'."));
    }
    let among = |name: &str, value: &str| given(name).is_empty() || given(name).iter().any(|known| known == value);
    // Services go by their full identifier, or by their name in the model.
    let is_service = |service: &str, wanted: &Value| {
        wanted.as_str().is_some_and(|wanted| service == wanted || service.ends_with(&format!(".{wanted}")))
    };
    let fits = |id: &str, task: &Value| {
        let text = |member: &str| task.get(member).and_then(Value::as_str).unwrap_or_default();
        let (services, targets) = (given("services"), given("targets"));
        among("tasks", id)
            && (services.is_empty() || services.iter().any(|wanted| is_service(text("service"), wanted)))
            && among("operations", text("operation"))
            && among("status", text("status"))
            && among("users", text("user"))
            && (targets.is_empty() || targets.iter().any(|target| Some(target) == task.get("target")))
    };
    let all = vcenter.tasks.iter().map(|(id, task)| (id.clone(), value(vcenter, task, arguments.record("result_spec"))));
    Ok(Value::Object(all.filter(|(id, task)| fits(id, task)).collect()))
}

fn cancel(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("task");
    let (now, model) = (vcenter.now(), vcenter.model);
    let task = find(vcenter, id)?;
    if task.status != Status::Running {
        return Err(Fault::not_allowed(format!("The task '{id}' has ended already.")));
    }
    if !task.is_cancelable() {
        return Err(Fault::unsupported(format!("The task '{id}' cannot be canceled.")));
    }
    let fault = Fault::named("vapi.std.errors.canceled", "canceled", "The task was canceled.");
    (task.status, task.ends, task.error) = (Status::Failed, now, Some(fault.structure(model)));
    if let Effect::Copy { to, .. } = task.effect.clone() {
        library_delete::forget(vcenter, &to);
    }
    Ok(Value::Null)
}

//! How the items of subscribed libraries come from published ones.

use super::library_delete::forget;
use super::new_id;
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::Members;
use crate::vsphere::state::{Effect, Item, Naming, Status, StoredFile, Subscription, Task, Vcenter};
use indexmap::IndexMap;
use serde_json::Value;

/// How much is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// What the subscription says.
    AsSubscribed,
    /// Files too.
    Content,
}

/// What is at the other end of a subscription.
#[derive(Debug)]
pub(super) enum Source {
    /// A published library of this server.
    Library(String),
    /// Why there is nothing: status of a probe, and a text.
    Failure(&'static str, String),
}

/// Finds what a subscription leads to. Only libraries of this simulator can be reached.
pub(super) fn source(vcenter: &Vcenter, subscription: &Subscription) -> Source {
    let url = subscription.url();
    if !url.contains("://") {
        return Source::Failure("INVALID_URL", format!("'{url}' is not a URL."));
    }
    if !url.starts_with(&format!("{}/", vcenter.settings.origin)) {
        return Source::Failure("HOST_NOT_FOUND", format!("The simulator reaches only its own libraries, not {url}."));
    }
    let found = vcenter.libraries.iter().find(|(id, library)| library.publishing.published && vcenter.publish_url(id) == url);
    let Some((id, library)) = found else {
        return Source::Failure("RESOURCE_NOT_FOUND", format!("There is no published library at {url}."));
    };
    if library.publishing.password.is_some() && library.publishing.password != subscription.password {
        return Source::Failure("INVALID_CREDENTIALS", format!("The library at {url} needs another password."));
    }
    Source::Library(id.clone())
}

/// The published library that a subscribed one takes its items from.
///
/// # Errors
///
/// That it cannot be reached, or that the library is not a subscribed one.
fn published(vcenter: &Vcenter, library: &str) -> Result<(String, bool), Fault> {
    let subscription = vcenter.library(library)?.subscription.as_ref();
    let text = format!("The library '{library}' is not a subscribed one.");
    let subscription = subscription.ok_or_else(|| Fault::invalid_element_type(text))?;
    match source(vcenter, subscription) {
        Source::Library(id) => Ok((id, subscription.is_on_demand())),
        Source::Failure(_, text) => Err(Fault::inaccessible(text)),
    }
}

/// Synchronizes a subscribed library.
///
/// # Errors
///
/// That it is none, or its source cannot be reached.
pub(super) fn library(vcenter: &mut Vcenter, library: &str, depth: Depth) -> Result<(), Fault> {
    let (from, is_on_demand) = published(vcenter, library)?;
    let with_files = depth == Depth::Content || !is_on_demand;
    let sources = vcenter.items_of(&from);
    let is_gone = |item: &Item| item.source.as_ref().is_none_or(|source| !sources.contains(source));
    let gone: Vec<String> =
        vcenter.items_of(library).into_iter().filter(|id| vcenter.items.get(id).is_some_and(is_gone)).collect();
    gone.iter().for_each(|id| forget(vcenter, id));
    for source in sources {
        one(vcenter, library, &source, with_files);
    }
    let now = vcenter.now();
    vcenter.library_mut(library)?.synced = Some(now);
    Ok(())
}

/// Synchronizes one item of a subscribed library. It goes away with its source.
///
/// # Errors
///
/// That the source of the library cannot be reached.
pub(super) fn item(vcenter: &mut Vcenter, id: &str, depth: Depth) -> Result<(), Fault> {
    let item = vcenter.item(id)?;
    let (library, source) = (item.library.clone(), item.source.clone().unwrap_or_default());
    let (from, is_on_demand) = published(vcenter, &library)?;
    if vcenter.items.get(&source).is_none_or(|source| source.library != from) {
        forget(vcenter, id);
        return Ok(());
    }
    one(vcenter, &library, &source, depth == Depth::Content || !is_on_demand);
    Ok(())
}

/// Brings one item of a subscribed library, in the name of its source, up to date.
pub(super) fn one(vcenter: &mut Vcenter, library: &str, source_id: &str, with_files: bool) {
    let Some(source) = vcenter.items.get(source_id).cloned() else { return };
    let now = vcenter.now();
    let known = vcenter.items.iter().find(|(_, item)| item.library == library && item.source.as_deref() == Some(source_id));
    let id = known.map_or_else(new_id, |(id, _)| id.clone());
    let item = vcenter.items.entry(id).or_insert_with(|| {
        let naming = Naming { name: String::new(), description: String::new(), kind: None };
        Item::new(library, naming, Some(source_id.to_owned()), now)
    });
    (item.name, item.description, item.kind) = (source.name, source.description, source.kind);
    (item.version, item.metadata_version) = (source.version, source.metadata_version);
    if item.content_version != source.content_version {
        (item.content_version, item.modified) = (source.content_version, now);
    }
    item.files = files(&item.files, source.files, with_files);
    item.synced = Some(now);
}

/// Files after a synchronization: content that is there and up to date stays.
fn files(
    known: &IndexMap<String, StoredFile>,
    source: IndexMap<String, StoredFile>,
    with_files: bool,
) -> IndexMap<String, StoredFile> {
    let fetch = |(name, mut file): (String, StoredFile)| {
        let is_current = known.get(&name).is_some_and(|known| known.content.is_some() && known.version == file.version);
        if !with_files && !is_current {
            file.content = None;
        }
        (name, file)
    };
    source.into_iter().map(fetch).collect()
}

/// Subscribed libraries of a published one: those of the subscriptions that a request names, or all on
/// this server.
///
/// # Errors
///
/// That there is no such subscription.
pub(super) fn subscribers(vcenter: &Vcenter, library: &str, wanted: Option<&[Value]>) -> Result<Vec<String>, Fault> {
    let known = &vcenter.library(library)?.subscribers;
    let names: Vec<&str> = match wanted {
        Some(wanted) if !wanted.is_empty() => {
            wanted.iter().filter_map(Value::as_object).filter_map(|spec| spec.text("subscription")).collect()
        }
        _ => known.keys().map(String::as_str).collect(),
    };
    let mut libraries = Vec::new();
    for name in names {
        let unknown = || Fault::invalid_argument(format!("The library '{library}' has no subscription '{name}'."));
        let subscriber = known.get(name).ok_or_else(unknown)?;
        if subscriber.vcenter.is_none() && vcenter.libraries.contains_key(&subscriber.library) {
            libraries.push(subscriber.library.clone());
        }
    }
    Ok(libraries)
}

/// Records something that was done at once as a task, which still takes its time to end.
pub(super) fn record(vcenter: &mut Vcenter, arguments: &Arguments, operation: (&str, &str), target: (&str, &str)) {
    let task = Task {
        service: operation.0.to_owned(),
        operation: operation.1.to_owned(),
        description: format!("Operation {} of {}", operation.1, operation.0),
        target: (target.0.to_owned(), target.1.to_owned()),
        user: arguments.user.clone(),
        began: vcenter.now(),
        ends: vcenter.after_transition(),
        status: Status::Running,
        effect: Effect::Nothing,
        error: None,
    };
    vcenter.add_task(task);
}

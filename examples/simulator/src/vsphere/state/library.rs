//! Libraries, and what is kept with them. Nothing here is `Debug`: there are passwords in it.

use crate::vsphere::clock::written;
use crate::vsphere::record::{Members, Record, present};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Library.
#[derive(Clone)]
pub(crate) struct Library {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) storage_backings: Vec<Value>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) synced: Option<Timestamp>,
    pub(crate) version: u64,
    /// How it is published; of local libraries only.
    pub(crate) publishing: Publishing,
    /// Where its items come from; of subscribed libraries only.
    pub(crate) subscription: Option<Subscription>,
    pub(crate) optimization: Option<Value>,
    pub(crate) server_guid: String,
    pub(crate) security_policy: Option<String>,
    /// Why it is in maintenance, if it is.
    pub(crate) maintenance: Option<String>,
    pub(crate) applies_usage_to_items: bool,
    /// Who uses it: by identifier, the URN of the resource and the time.
    pub(crate) usages: IndexMap<String, (String, Timestamp)>,
    /// Who subscribes to it.
    pub(crate) subscribers: IndexMap<String, Subscriber>,
}

/// How a library is published.
#[derive(Clone, Default)]
pub(crate) struct Publishing {
    /// Whether anything was ever said about it.
    pub(crate) known: bool,
    pub(crate) published: bool,
    /// Password that subscribers need; none without authentication.
    pub(crate) password: Option<String>,
    pub(crate) user_name: Option<String>,
    pub(crate) persists_json: bool,
}

/// Where the items of a subscribed library come from.
#[derive(Clone, Default)]
pub(crate) struct Subscription {
    /// What of it may be shown.
    pub(crate) shown: Record,
    pub(crate) password: Option<String>,
}

/// Members of a subscription that are never returned.
const HIDDEN: &[&str] = &["password", "ssl_thumbprint", "ssl_certificate"];

impl Subscription {
    /// Takes over what a request says.
    pub(crate) fn merge(&mut self, spec: &Record) {
        for (name, value) in spec {
            if name == "password" {
                self.password = value.as_str().map(str::to_owned);
            }
            if !HIDDEN.contains(&name.as_str()) {
                self.shown.insert(name.clone(), value.clone());
            }
        }
    }

    /// URL of the published library.
    pub(crate) fn url(&self) -> &str {
        self.shown.text("subscription_url").unwrap_or_default()
    }

    /// Whether only metadata is fetched.
    pub(crate) fn is_on_demand(&self) -> bool {
        self.shown.flag("on_demand").unwrap_or_default()
    }
}

/// A subscriber of a published library.
#[derive(Clone, Debug)]
pub(crate) struct Subscriber {
    /// The subscribed library.
    pub(crate) library: String,
    /// Host name, port and GUID of the vCenter it is on, if that is another one.
    pub(crate) vcenter: Option<Record>,
    /// Where templates go.
    pub(crate) placement: Record,
}

impl Library {
    /// The library as the API has it.
    pub(crate) fn value(&self, id: &str, publish_url: &str) -> Value {
        let subscription = self.subscription.as_ref();
        let publishing = Some(&self.publishing).filter(|publishing| publishing.known && subscription.is_none());
        present(json!({
            "id": id,
            "name": self.name,
            "description": self.description,
            "type": if subscription.is_some() { "SUBSCRIBED" } else { "LOCAL" },
            "storage_backings": self.storage_backings,
            "creation_time": written(self.created),
            "last_modified_time": written(self.modified),
            "last_sync_time": self.synced.map(written),
            "version": self.version.to_string(),
            "publish_info": publishing.map(|publishing| publishing.value(publish_url)),
            "subscription_info": subscription.map(|subscription| &subscription.shown),
            "optimization_info": self.optimization,
            "server_guid": self.server_guid,
            "security_policy_id": self.security_policy,
            "state_info": present(json!({
                "state": if self.maintenance.is_some() { "MAINTENANCE" } else { "ACTIVE" },
                "message": self.maintenance,
            })),
            "configuration_info": { "apply_library_usage_to_items": self.applies_usage_to_items },
        }))
    }

    /// Whether it is a subscribed one.
    pub(crate) fn is_subscribed(&self) -> bool {
        self.subscription.is_some()
    }

    /// Counts a change of its properties.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.modified = now;
    }
}

impl Publishing {
    fn value(&self, publish_url: &str) -> Value {
        present(json!({
            "authentication_method": if self.password.is_some() { "BASIC" } else { "NONE" },
            "published": self.published,
            "publish_url": publish_url,
            "user_name": self.user_name,
            "persist_json_enabled": self.persists_json,
        }))
    }
}

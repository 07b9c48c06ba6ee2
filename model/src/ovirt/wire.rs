//! Names on the wire: tags, plurals, path segments, routes.
//!
//! The rules are those of the engine's own schema; see the section "Wire names" of NOTICE.

use crate::ir::{Body, Direction, Kind, Parameter, Place, Route, Type, Verb};

/// Whole names whose tag is not simply the name. They hold for types, members and parameters alike.
const TAGS: &[(&str, &str)] = &[
    ("gluster_brick", "brick"),
    ("gluster_bricks", "bricks"),
    ("gluster_brick_memory_info", "brick_memoryinfo"),
    ("gluster_memory_pool", "memory_pool"),
    ("gluster_memory_pools", "memory_pools"),
    ("gluster_server_hook", "server_hook"),
    ("gluster_server_hooks", "server_hooks"),
    ("migration_options", "migration"),
    ("transparent_huge_pages", "transparent_hugepages"),
    ("numa_node", "host_numa_node"),
    ("numa_nodes", "host_numa_nodes"),
    ("virtual_numa_node", "vm_numa_node"),
    ("virtual_numa_nodes", "vm_numa_nodes"),
    ("open_stack_image", "openstack_image"),
    ("open_stack_images", "openstack_images"),
    ("open_stack_image_provider", "openstack_image_provider"),
    ("open_stack_image_providers", "openstack_image_providers"),
    ("open_stack_network", "openstack_network"),
    ("open_stack_networks", "openstack_networks"),
    ("open_stack_network_provider", "openstack_network_provider"),
    ("open_stack_network_providers", "openstack_network_providers"),
    ("open_stack_subnet", "openstack_subnet"),
    ("open_stack_subnets", "openstack_subnets"),
    ("open_stack_volume", "openstack_volume"),
    ("open_stack_volumes", "openstack_volumes"),
    ("open_stack_volume_provider", "openstack_volume_provider"),
    ("open_stack_volume_providers", "openstack_volume_providers"),
    ("operating_system", "os"),
    ("operating_systems", "oss"),
    ("operating_system_info", "operating_system"),
    ("operating_system_infos", "operation_systems"),
];

/// Last words whose plural is not made by the rules.
const PLURALS: &[(&str, &str)] = &[("display", "displays"), ("erratum", "errata"), ("key", "keys")];

/// Last words whose singular is not made by the rules.
const SINGULARS: &[(&str, &str)] = &[("errata", "erratum")];

/// Members that stand in attributes of the element rather than in children.
const ATTRIBUTES: &[&str] = &["id", "href", "rel"];

/// Tag of a type, member or parameter.
pub(crate) fn tag(name: &str) -> String {
    TAGS.iter().find(|(whole, _)| *whole == name).map_or(name, |(_, tag)| tag).to_owned()
}

/// Tag of a list of a type.
pub(crate) fn list_tag(name: &str) -> String {
    tag(&on_last_word(name, plural))
}

/// Path segment or `rel`: the words without a separator.
pub(crate) fn segment(name: &str) -> String {
    name.replace('_', "")
}

/// Where a member stands.
pub(crate) fn place(name: &str, ty: &Type, link: bool) -> Place {
    if ATTRIBUTES.contains(&name) {
        return Place::Attribute(name.to_owned());
    }
    let item = match ty {
        Type::List(item) => Some(match &**item {
            Type::Struct(of) => tag(of),
            _ => tag(&on_last_word(name, singular)),
        }),
        _ => None,
    };
    let rel = (link && ty.is_list()).then(|| segment(name));
    Place::Element { tag: tag(name), item, rel }
}

/// What a method does to the resource of its service. `base` is the name without the part that a signature adds.
pub(crate) fn kind(base: &str) -> Kind {
    match base {
        "add" => Kind::Add,
        "get" => Kind::Get,
        "list" => Kind::List,
        "update" => Kind::Update,
        "remove" => Kind::Remove,
        _ => Kind::Action,
    }
}

/// How a method is called. `base` is the name without the part that a signature adds.
pub(crate) fn route(base: &str, kind: Kind, parameters: &[Parameter]) -> Route {
    let names = |wanted: fn(&Parameter) -> bool| -> Vec<(String, String)> {
        parameters.iter().filter(|p| wanted(p)).map(|p| (p.name.clone(), tag(&p.name))).collect()
    };
    let primary = parameters.iter().find(|p| p.direction == Direction::InOut);
    let body = match (kind, primary) {
        (Kind::Action, _) => Body::Action { fields: names(|p| p.direction.is_in()) },
        (Kind::Add | Kind::Update, Some(parameter)) => Body::Object {
            parameter: parameter.name.clone(),
            element: match (parameter.ty.struct_name(), parameter.ty.is_list()) {
                (Some(of), true) => list_tag(of),
                (Some(of), false) => tag(of),
                (None, _) => tag(&parameter.name),
            },
        },
        _ => Body::None,
    };
    Route {
        verb: match kind {
            Kind::Get | Kind::List => Verb::Get,
            Kind::Add | Kind::Action => Verb::Post,
            Kind::Update => Verb::Put,
            Kind::Remove => Verb::Delete,
        },
        path: (kind == Kind::Action).then(|| segment(base)),
        fixed_query: Vec::new(),
        headers: Vec::new(),
        query: if kind == Kind::Action { Vec::new() } else { names(|p| p.direction == Direction::In) },
        body,
        result: parameters.iter().find(|p| p.direction.is_out()).map(|p| p.name.clone()),
        status: if kind == Kind::Add { 201 } else { 200 },
    }
}

fn on_last_word(name: &str, change: fn(&str) -> String) -> String {
    match name.rsplit_once('_') {
        Some((words, last)) => format!("{words}_{}", change(last)),
        None => change(name),
    }
}

fn plural(word: &str) -> String {
    match PLURALS.iter().find(|(singular, _)| *singular == word) {
        Some((_, plural)) => (*plural).to_owned(),
        None => match word.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{word}s"),
        },
    }
}

fn singular(word: &str) -> String {
    match SINGULARS.iter().find(|(plural, _)| *plural == word) {
        Some((_, singular)) => (*singular).to_owned(),
        None => match (word.strip_suffix("ies"), word.strip_suffix('s')) {
            (Some(stem), _) => format!("{stem}y"),
            (None, Some(stem)) => stem.to_owned(),
            (None, None) => word.to_owned(),
        },
    }
}

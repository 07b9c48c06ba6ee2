//! Descriptors of OVF packages, read leniently: by local names, whatever the namespaces.

use crate::vsphere::record::present;
use roxmltree::{Document, Node};
use serde_json::{Value, json};

/// What is of interest in a descriptor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Descriptor {
    /// Files that belong to the package.
    pub(crate) references: Vec<String>,
    pub(crate) name: Option<String>,
    pub(crate) annotation: Option<String>,
    pub(crate) eulas: Vec<String>,
    pub(crate) networks: Vec<String>,
    storage_groups: Vec<String>,
    properties: Vec<Value>,
    options: Vec<Value>,
}

impl Descriptor {
    /// Reads a descriptor.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let document = Document::parse(text).map_err(|error| format!("it is not well-formed XML: {error}"))?;
        let root = document.root_element();
        if root.tag_name().name() != "Envelope" {
            return Err(format!("its root element is '{}', not 'Envelope'", root.tag_name().name()));
        }
        let all = |tag: &'static str| root.descendants().filter(move |node| node.tag_name().name() == tag);
        let system =
            root.descendants().find(|node| matches!(node.tag_name().name(), "VirtualSystem" | "VirtualSystemCollection"));
        let name = system.and_then(|system| child(system, "Name").or_else(|| attribute(system, "id")));
        let references = all("References").flat_map(|node| node.children()).filter(|node| node.tag_name().name() == "File");
        let sections =
            |tag, item: &'static str| all(tag).flat_map(|node| node.children()).filter(move |n| n.tag_name().name() == item);
        Ok(Descriptor {
            references: references.filter_map(|file| attribute(file, "href")).collect(),
            name,
            annotation: all("AnnotationSection").find_map(|section| child(section, "Annotation")),
            eulas: all("EulaSection").filter_map(|section| child(section, "License")).collect(),
            networks: sections("NetworkSection", "Network").filter_map(|network| attribute(network, "name")).collect(),
            storage_groups: all("StorageGroupSection").filter_map(|group| attribute(group, "id")).collect(),
            properties: all("ProductSection").flat_map(properties).collect(),
            options: sections("DeploymentOptionSection", "Configuration").map(option).collect(),
        })
    }

    /// What can be set when the package is deployed.
    pub(crate) fn summary(&self) -> Value {
        let mut parameters = Vec::new();
        if !self.properties.is_empty() {
            parameters.push(json!({
                "@class": "com.vmware.vcenter.ovf.property_params",
                "type": "PropertyParams",
                "properties": self.properties,
            }));
        }
        if !self.options.is_empty() {
            let is_default = |option: &&Value| option.get("default_choice") == Some(&Value::Bool(true));
            let selected = self.options.iter().find(is_default).and_then(|option| option.get("key"));
            parameters.push(present(json!({
                "@class": "com.vmware.vcenter.ovf.deployment_option_params",
                "type": "DeploymentOptionParams",
                "deployment_options": self.options,
                "selected_key": selected,
            })));
        }
        let some = |list: &[String]| if list.is_empty() { Value::Null } else { list.into() };
        present(json!({
            "name": self.name,
            "annotation": self.annotation,
            "EULAs": self.eulas,
            "networks": some(&self.networks),
            "storage_groups": some(&self.storage_groups),
            "additional_params": if parameters.is_empty() { Value::Null } else { parameters.into() },
        }))
    }
}

fn properties(section: Node<'_, '_>) -> Vec<Value> {
    let of_section = |name: &str| attribute(section, name).unwrap_or_default();
    let properties = section.children().filter(|node| node.tag_name().name() == "Property");
    let one = |node: Node<'_, '_>| {
        present(json!({
            "class_id": of_section("class"),
            "id": attribute(node, "key").unwrap_or_default(),
            "instance_id": of_section("instance"),
            "label": child(node, "Label").or_else(|| attribute(node, "key")).unwrap_or_default(),
            "description": child(node, "Description"),
            "type": attribute(node, "type").unwrap_or_else(|| "string".to_owned()),
            "value": attribute(node, "value").or_else(|| attribute(node, "defaultValue")).unwrap_or_default(),
        }))
    };
    properties.map(one).collect()
}

fn option(node: Node<'_, '_>) -> Value {
    json!({
        "key": attribute(node, "id").unwrap_or_default(),
        "label": child(node, "Label").unwrap_or_default(),
        "description": child(node, "Description").unwrap_or_default(),
        "default_choice": attribute(node, "default").is_some_and(|text| text == "true"),
    })
}

fn child(node: Node<'_, '_>, tag: &str) -> Option<String> {
    let found = node.children().find(|child| child.tag_name().name() == tag)?;
    found.text().map(|text| text.trim().to_owned())
}

fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value().to_owned())
}

/// A descriptor of a machine without disks.
pub(crate) fn written(name: &str, annotation: &str) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\">\n  \
         <References/>\n  <VirtualSystem ovf:id=\"{name}\">\n    <Info>A virtual machine</Info>\n    <Name>{name}</Name>\n    \
         <AnnotationSection>\n      <Info>Annotation</Info>\n      <Annotation>{annotation}</Annotation>\n    \
         </AnnotationSection>\n  </VirtualSystem>\n</Envelope>\n",
        name = escape(name),
        annotation = escape(annotation),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let descriptor = Descriptor::read(&written("a<b", "\"c\" & d")).expect("a descriptor");
        assert_eq!((descriptor.name.as_deref(), descriptor.annotation.as_deref()), (Some("a<b"), Some("\"c\" & d")));
        assert!(Descriptor::read("<a/>").is_err() && Descriptor::read("no").is_err());
    }
}

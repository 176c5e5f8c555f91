//! What a word of the command line names: a pod or a node; it never asks whether there is one.

use serde_json::Value;

use super::Refusal;

/// What is to be debugged, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A pod, in the namespace of the command line.
    Pod(String),
    /// A node.
    Node(String),
}

/// The words kubectl takes for pods and nodes, with and without the version of their API.
const PODS: [&str; 5] = ["pods", "pod", "po", "pods.v1.", "pod.v1."];
const NODES: [&str; 5] = ["nodes", "node", "no", "nodes.v1.", "node.v1."];

impl Resource {
    /// Reads `NAME`, `pod/NAME` or `node/NAME`, the type also in its other spellings.
    ///
    /// # Errors
    /// A [`Refusal`] for any other type, and for words with more or less than a type and a name.
    pub fn parse(word: &str) -> Result<Self, Refusal> {
        let Some((kind, name)) = word.split_once('/') else {
            return Ok(Self::Pod(word.to_owned()));
        };
        if kind.is_empty() || name.is_empty() || name.contains('/') {
            return Err(Refusal::new(format!("{word:?} is not of the form TYPE/NAME; say pod/NAME or node/NAME")));
        }
        let kind = kind.to_ascii_lowercase();
        if PODS.contains(&kind.as_str()) {
            Ok(Self::Pod(name.to_owned()))
        } else if NODES.contains(&kind.as_str()) {
            Ok(Self::Node(name.to_owned()))
        } else {
            Err(unsupported(&kind))
        }
    }

    /// Whether an object is a node (true) or a pod (false).
    ///
    /// # Errors
    /// A [`Refusal`] for any other kind.
    pub fn is_node(object: &Value) -> Result<bool, Refusal> {
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        match (text("apiVersion"), text("kind")) {
            ("v1", "Pod") => Ok(false),
            ("v1", "Node") => Ok(true),
            (_, "") => Err(Refusal::new("an object without a kind cannot be debugged; only pods and nodes can")),
            (version, kind) => Err(unsupported(&format!("{version} {kind}"))),
        }
    }
}

fn unsupported(kind: &str) -> Refusal {
    Refusal::new(format!("{} is not supported by debug; only pods and nodes are", kind.trim()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_and_nodes_are_named_as_for_kubectl() {
        let pod = |name: &str| Ok(Resource::Pod(name.to_owned()));
        for word in ["api-1", "pod/api-1", "pods/api-1", "po/api-1", "Pod/api-1", "pods.v1./api-1"] {
            assert_eq!(Resource::parse(word), pod("api-1"), "{word}");
        }
        assert_eq!(Resource::parse("node/n1"), Ok(Resource::Node("n1".into())));
        for word in ["pod/", "/x", "a/b/c", "svc/x", "deploy/x", "pods.v2/x"] {
            assert!(Resource::parse(word).is_err(), "{word}");
        }
    }

    #[test]
    fn an_object_is_known_by_its_kind() {
        assert_eq!(Resource::is_node(&json!({"apiVersion": "v1", "kind": "Pod"})), Ok(false));
        assert_eq!(Resource::is_node(&json!({"apiVersion": "v1", "kind": "Node"})), Ok(true));
        let refusal = Resource::is_node(&json!({"apiVersion": "apps/v1", "kind": "Deployment"})).unwrap_err();
        assert!(refusal.message.contains("apps/v1 Deployment"), "{refusal}");
        assert!(Resource::is_node(&json!(null)).is_err());
    }
}

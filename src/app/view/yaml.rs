//! An object as YAML: field managers hidden and secrets covered unless asked for; it changes nothing of the object.

mod cover;
mod highlight;

use serde_json::Value;

use crate::app::reader::{Line, Lines, Reader, Tone};
use crate::cluster::ObjectKey;

/// The annotation in which `kubectl apply` keeps the whole object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The view of an object as YAML.
#[derive(Debug)]
pub struct Yaml {
    key: ObjectKey,
    object: Option<Box<Value>>,
    /// It was there and is no more; what it was stays to be read.
    gone: bool,
    shows_managed_fields: bool,
    shows_secrets: bool,
    covered: usize,
    lines: Vec<Line>,
}

impl Yaml {
    pub(super) fn new(key: ObjectKey) -> Self {
        Self {
            key,
            object: None,
            gone: false,
            shows_managed_fields: false,
            shows_secrets: false,
            covered: 0,
            lines: Vec::new(),
        }
    }

    pub(super) fn lines(&self) -> &dyn Lines {
        &self.lines
    }

    pub(super) fn title(&self) -> String {
        format!("{} yaml", self.key.name)
    }

    pub(super) fn says(&self) -> Vec<String> {
        let gone = self.gone.then(|| "it is gone; this is what it was".to_owned());
        let covered = (self.covered > 0).then(|| match self.covered {
            1 => "a secret value is covered".to_owned(),
            count => format!("{count} secret values are covered"),
        });
        let kind = self.key.kind.kind.to_owned();
        [gone, covered, Some(kind)].into_iter().flatten().collect()
    }

    pub(super) fn take(&mut self, object: Option<Box<Value>>, reader: &mut Reader) {
        self.gone = object.is_none();
        if let Some(object) = object {
            self.object = Some(object);
            self.write(reader);
        } else if self.object.is_none() {
            self.lines = vec![Line::of(Tone::Changing, format!("there is no {}", self.key.words()))];
            reader.replaced();
        }
    }

    /// Shows which manager owns which field, or hides it.
    pub fn toggle_managed_fields(&mut self, reader: &mut Reader) {
        self.shows_managed_fields = !self.shows_managed_fields;
        self.write(reader);
    }

    /// Uncovers secret values, or covers them.
    pub fn toggle_secrets(&mut self, reader: &mut Reader) {
        self.shows_secrets = !self.shows_secrets;
        self.write(reader);
    }

    fn write(&mut self, reader: &mut Reader) {
        let Some(object) = &self.object else { return };
        let mut object = sorted(object);
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
            && !self.shows_managed_fields
        {
            metadata.shift_remove("managedFields");
        }
        self.covered = if self.shows_secrets { 0 } else { cover::cover(&mut object) };
        self.lines = match serde_saphyr::to_string(&object) {
            Ok(text) => highlight::lines(&text),
            Err(error) => vec![Line::of(Tone::Bad, format!("it cannot be written as YAML: {error}"))],
        };
        reader.replaced();
    }
}

/// The same with the keys of every map in order, as kubectl writes them.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn yaml(object: &Value) -> (Yaml, Reader) {
        let mut reader = Reader::new(false, false);
        let mut yaml = Yaml::new(ObjectKey::node("worker-1".into()));
        yaml.take(Some(Box::new(object.clone())), &mut reader);
        (yaml, reader)
    }

    fn text(yaml: &Yaml) -> String {
        (0..yaml.lines.count()).map(|line| yaml.lines.text(line) + "\n").collect()
    }

    #[test]
    fn keys_are_in_order_and_managers_hidden_until_asked_for() {
        let object = json!({"kind": "Node", "apiVersion": "v1",
            "metadata": {"name": "worker-1", "managedFields": [{"manager": "kubelet"}]}});
        let (mut yaml, mut reader) = yaml(&object);
        assert_eq!(text(&yaml), "apiVersion: v1\nkind: Node\nmetadata:\n  name: worker-1\n");
        yaml.toggle_managed_fields(&mut reader);
        assert!(text(&yaml).contains("manager: kubelet"));
    }

    #[test]
    fn secrets_are_covered_until_asked_for() {
        let object = json!({"kind": "Secret", "data": {"password": "aHVudGVyMg=="}});
        let (mut yaml, mut reader) = yaml(&object);
        assert!(!text(&yaml).contains("aHVudGVyMg"), "{}", text(&yaml));
        assert_eq!(yaml.says()[0], "a secret value is covered");
        yaml.toggle_secrets(&mut reader);
        assert!(text(&yaml).contains("aHVudGVyMg=="));
    }

    #[test]
    fn what_is_gone_can_still_be_read() {
        let (mut yaml, mut reader) = yaml(&json!({"kind": "Node"}));
        yaml.take(None, &mut reader);
        assert_eq!(text(&yaml), "kind: Node\n");
        assert_eq!(yaml.says()[0], "it is gone; this is what it was");
    }
}

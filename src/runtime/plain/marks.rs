//! The marks by which copies and node debuggers of the sub-command are found again under leftovers; ephemeral containers
//! cannot bear any.

use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::marks;
use crate::plan::DebugOptions;

/// What the marks say, beside what each pod is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Who makes it; empty where nobody knows.
    pub creator: String,
    /// When.
    pub at: Timestamp,
}

impl Marks {
    /// The choices for this pod or node, with marks on the pod that they create.
    pub(super) fn put_on(&self, mut options: DebugOptions, object: &Value, is_node: bool) -> DebugOptions {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let of = |about| marks::of((about, name), &self.creator, self.at);
        if is_node {
            (options.labels, options.annotations) = of(marks::NODE);
        } else if let Some(copy) = &mut options.copy {
            (copy.labels, copy.annotations) = of(marks::COPIED_FROM);
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::CopyOptions;

    #[test]
    fn a_copy_and_a_node_debugger_bear_them_and_a_pod_that_is_there_does_not() {
        let marks = Marks { creator: "sam".into(), at: Timestamp::UNIX_EPOCH };
        let object = json!({"metadata": {"name": "api"}});
        let ephemeral = marks.put_on(DebugOptions::default(), &object, false);
        assert_eq!(ephemeral, DebugOptions::default());
        let node = marks.put_on(DebugOptions::default(), &object, true);
        assert_eq!(node.labels, [("app.kubernetes.io/managed-by".to_owned(), "bathyscope".to_owned())]);
        let copy = DebugOptions { copy: Some(CopyOptions::named("api-2")), ..DebugOptions::default() };
        let copy = marks.put_on(copy, &object, false).copy.unwrap();
        let said: Vec<_> = copy.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            said,
            [
                ("bathyscope.dev/copied-from", "api"),
                ("bathyscope.dev/created-by", "sam"),
                ("bathyscope.dev/created-at", "1970-01-01T00:00:00Z"),
            ]
        );
    }
}

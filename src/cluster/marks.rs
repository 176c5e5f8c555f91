//! The labels and annotations by which what we create is found again; put on and read elsewhere.

use jiff::Timestamp;

/// The label that says who manages a pod (Kubernetes' recommended labels).
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What [`MANAGED_BY`] says of the pods that we create.
pub const US: &str = "bathyscope";
/// The annotation with the pod that a copy was made from.
pub const COPIED_FROM: &str = "bathyscope.dev/copied-from";
/// The annotation with the node that a node debugger is for.
pub const NODE: &str = "bathyscope.dev/node";
/// The annotation with who made it.
pub const CREATED_BY: &str = "bathyscope.dev/created-by";
/// The annotation with when it was asked for (RFC 3339).
pub const CREATED_AT: &str = "bathyscope.dev/created-at";

/// Labels or annotations: names and values.
pub type Pairs = Vec<(String, String)>;

/// The labels and the annotations of a pod that we create: who made it (left out where nobody knows), when, and what it
/// is `about`: [`COPIED_FROM`] a pod or for a [`NODE`].
pub fn of((about, name): (&str, &str), creator: &str, when: Timestamp) -> (Pairs, Pairs) {
    let mut annotations = vec![(about.to_owned(), name.to_owned())];
    if !creator.is_empty() {
        annotations.push((CREATED_BY.to_owned(), creator.to_owned()));
    }
    let when = Timestamp::from_second(when.as_second()).unwrap_or(when);
    annotations.push((CREATED_AT.to_owned(), when.to_string()));
    (vec![(MANAGED_BY.to_owned(), US.to_owned())], annotations)
}

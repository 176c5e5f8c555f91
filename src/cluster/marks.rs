//! The labels and annotations by which what we create is found again; names only, put on and read elsewhere.

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

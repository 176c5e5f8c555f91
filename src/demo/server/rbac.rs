//! Who may do what: the demo's users with the stock roles bound to them; it reads no request.

use serde_json::{Value, json};

/// Someone who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// The name.
    pub(crate) name: String,
    /// The groups.
    pub(crate) groups: Vec<String>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Access<'a> {
    /// `get`, `list`, `create` …
    pub(crate) verb: &'a str,
    /// The API group; empty for the core group.
    pub(crate) group: &'a str,
    /// The plural: `pods`.
    pub(crate) resource: &'a str,
    /// `log`, `exec` …; empty for the object itself.
    pub(crate) subresource: &'a str,
    /// Empty for all namespaces or none.
    pub(crate) namespace: &'a str,
    /// Empty for a collection.
    pub(crate) name: &'a str,
}

impl Access<'_> {
    /// `pods/log`.
    pub(crate) fn resource_path(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.to_owned()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }
}

/// Some verbs on some resources.
struct Rule {
    verbs: &'static [&'static str],
    groups: &'static [&'static str],
    resources: &'static [&'static str],
}

impl Rule {
    fn allows(&self, access: &Access<'_>) -> bool {
        let has = |list: &[&str], wanted: &str| list.iter().any(|one| *one == "*" || *one == wanted);
        has(self.verbs, access.verb) && has(self.groups, access.group) && has(self.resources, &access.resource_path())
    }
}

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];

/// Everything (the stock role cluster-admin).
const CLUSTER_ADMIN: &[Rule] = &[Rule { verbs: &["*"], groups: &["*"], resources: &["*"] }];

/// The stock role view, as far as the kinds that are served reach.
const VIEW: &[Rule] = &[
    Rule {
        verbs: READ,
        groups: &[""],
        resources: &["configmaps", "endpoints", "pods", "serviceaccounts", "services", "services/status"],
    },
    Rule { verbs: READ, groups: &[""], resources: &["namespaces/status", "pods/log", "pods/status", "resourcequotas"] },
    Rule { verbs: READ, groups: &[""], resources: &["namespaces"] },
    Rule { verbs: READ, groups: &["", "events.k8s.io"], resources: &["events"] },
    Rule { verbs: READ, groups: &["discovery.k8s.io"], resources: &["endpointslices"] },
    Rule {
        verbs: READ,
        groups: &["apps"],
        resources: &[
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/scale",
            "deployments/status",
            "replicasets",
            "replicasets/status",
            "statefulsets",
            "statefulsets/status",
        ],
    },
    Rule { verbs: READ, groups: &["batch"], resources: &["cronjobs", "cronjobs/status", "jobs", "jobs/status"] },
    // what the metrics server adds to the role
    Rule { verbs: READ, groups: &["metrics.k8s.io"], resources: &["nodes", "pods"] },
];

/// What the stock role edit has beyond view. It has no `pods/ephemeralcontainers`.
const EDIT: &[Rule] = &[
    Rule { verbs: READ, groups: &[""], resources: &["pods/attach", "pods/exec", "pods/portforward", "pods/proxy"] },
    Rule {
        verbs: WRITE,
        groups: &[""],
        resources: &["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"],
    },
    Rule { verbs: &["create"], groups: &[""], resources: &["pods/eviction"] },
    Rule {
        verbs: WRITE,
        groups: &[""],
        resources: &["configmaps", "endpoints", "events", "serviceaccounts", "services"],
    },
    Rule {
        verbs: WRITE,
        groups: &["apps"],
        resources: &["daemonsets", "deployments", "deployments/scale", "replicasets", "statefulsets"],
    },
    Rule { verbs: WRITE, groups: &["batch"], resources: &["cronjobs", "jobs"] },
    Rule { verbs: READ, groups: &[""], resources: &["secrets"] },
    Rule { verbs: WRITE, groups: &[""], resources: &["secrets"] },
];

/// What a person needs beyond edit to add debuggers to pods that run.
const DEBUGGER: &[Rule] =
    &[Rule { verbs: &["get", "patch", "update"], groups: &[""], resources: &["pods/ephemeralcontainers"] }];

/// What everyone may who is known.
const BASIC_USER: &[Rule] = &[
    Rule {
        verbs: &["create"],
        groups: &["authorization.k8s.io"],
        resources: &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    Rule { verbs: &["create"], groups: &["authentication.k8s.io"], resources: &["selfsubjectreviews"] },
];

/// A user's roles, in every namespace or in one.
struct Binding {
    user: &'static str,
    namespace: Option<&'static str>,
    roles: &'static [&'static [Rule]],
}

const BINDINGS: &[Binding] = &[
    Binding { user: "admin", namespace: None, roles: &[CLUSTER_ADMIN] },
    Binding { user: "oncall", namespace: None, roles: &[VIEW, EDIT, DEBUGGER] },
    Binding { user: "edit", namespace: None, roles: &[VIEW, EDIT] },
    Binding { user: "view", namespace: None, roles: &[VIEW] },
    Binding { user: "tenant", namespace: Some("demo"), roles: &[VIEW, EDIT, DEBUGGER] },
];

/// The users there are: all rights; edit and ephemeral containers; edit; view; and one with the rights of `oncall` in
/// the namespace `demo` and none elsewhere, who cannot list namespaces.
pub(crate) const USERS: &[&str] = &["admin", "oncall", "edit", "view", "tenant"];

impl User {
    /// The user of this name as the credentials of the demo say.
    pub(crate) fn known(name: &str) -> Self {
        Self { name: name.to_owned(), groups: vec!["system:authenticated".to_owned()] }
    }

    /// Whether the user may.
    pub(crate) fn may(&self, access: &Access<'_>) -> bool {
        self.rules(access.namespace).any(|rule| rule.allows(access))
    }

    fn rules<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'static Rule> + 'a {
        let masters = self.groups.iter().any(|group| group == "system:masters");
        let bound = BINDINGS
            .iter()
            .filter(move |binding| binding.user == self.name && binding.namespace.is_none_or(|one| one == namespace))
            .flat_map(|binding| binding.roles.iter().copied());
        let everyone = masters.then_some(CLUSTER_ADMIN);
        bound.chain(everyone).chain([BASIC_USER]).flatten()
    }

    /// The status of a `SelfSubjectRulesReview` for this namespace.
    pub(crate) fn rules_review(&self, namespace: &str) -> Value {
        let rules: Vec<Value> = self
            .rules(namespace)
            .map(|rule| json!({ "verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources }))
            .collect();
        let paths = [
            "/api",
            "/api/*",
            "/apis",
            "/apis/*",
            "/healthz",
            "/livez",
            "/openapi",
            "/openapi/*",
            "/readyz",
            "/version",
            "/version/",
        ];
        json!({
            "resourceRules": rules,
            "nonResourceRules": [{ "verbs": ["get"], "nonResourceURLs": paths }],
            "incomplete": false,
        })
    }

    /// Why the user may not, as the API says it.
    pub(crate) fn refusal(&self, access: &Access<'_>) -> String {
        let place = if access.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {:?}", access.namespace)
        };
        format!(
            "User {:?} cannot {} resource {:?} in API group {:?} {place}",
            self.name,
            access.verb,
            access.resource_path(),
            access.group
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(verb: &'static str, path: &'static str, namespace: &'static str) -> Access<'static> {
        let (resource, subresource) = path.split_once('/').unwrap_or((path, ""));
        Access { verb, resource, subresource, namespace, ..Access::default() }
    }

    #[test]
    fn the_stock_roles_hold_no_ephemeral_containers() {
        let patch = access("patch", "pods/ephemeralcontainers", "demo");
        for (user, may) in [("admin", true), ("oncall", true), ("edit", false), ("view", false), ("tenant", true)] {
            assert_eq!(User::known(user).may(&patch), may, "{user}");
        }
        assert!(User::known("edit").may(&access("create", "pods/exec", "demo")));
        assert!(User::known("edit").may(&access("get", "pods/exec", "demo")));
        assert!(!User::known("view").may(&access("get", "pods/exec", "demo")));
        assert!(!User::known("nobody").may(&access("list", "pods", "demo")));
    }

    #[test]
    fn a_tenant_is_somebody_in_one_namespace_only() {
        let tenant = User::known("tenant");
        assert!(tenant.may(&access("list", "pods", "demo")));
        assert!(!tenant.may(&access("list", "pods", "other")));
        assert!(!tenant.may(&access("list", "pods", "")));
        let list = access("list", "namespaces", "");
        assert!(!tenant.may(&list));
        assert_eq!(
            tenant.refusal(&list),
            r#"User "tenant" cannot list resource "namespaces" in API group "" at the cluster scope"#
        );
    }
}

//! What a request's path and query say; it touches no object.

use std::str::FromStr;

use crate::demo::resource::{self, Resource};

/// The parameters after the question mark.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads them; empty ones (`?&watch=true`) are passed over.
    pub(crate) fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.filter(|(key, _)| !key.is_empty()).map(|(k, v)| (k.into(), v.into())).collect())
    }

    /// The first value of this name; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.first(name).unwrap_or_default()
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is switched on, as the API reads booleans: there, and not `false` or `0`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.all(name).next().is_some_and(|value| value != "false" && value != "0")
    }

    /// The number of this name; `None` where there is none or it is not one.
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).parse().ok()
    }
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `/version`.
    Version,
    /// `/healthz`, `/livez`, `/readyz` and what is below them.
    Health,
    /// `/api`.
    CoreVersions,
    /// `/apis`.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1`, `/apis/GROUP/VERSION`.
    Resources {
        /// Empty for the core group.
        group: String,
        /// The version.
        version: String,
    },
    /// A review that is answered and not kept: `selfsubjectaccessreviews` …
    Review(&'static str),
    /// Objects of one kind.
    Collection {
        /// Their kind.
        resource: &'static Resource,
        /// Empty for all namespaces, and for cluster-scoped kinds.
        namespace: String,
    },
    /// One object, or something of it.
    Object {
        /// Its kind.
        resource: &'static Resource,
        /// Empty for cluster-scoped kinds.
        namespace: String,
        /// Its name.
        name: String,
        /// `log`, `exec` …; empty for the object itself.
        subresource: String,
    },
    /// What pods or nodes use, by the metrics API.
    Metrics {
        /// Pods or nodes.
        resource: &'static Resource,
        /// Empty for all namespaces, and for nodes.
        namespace: String,
        /// Empty for all of them.
        name: String,
    },
    /// Nothing.
    Unknown,
}

/// The reviews that are answered, with their group.
pub(crate) const REVIEWS: &[(&str, &str, &str)] = &[
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
];

impl Target {
    /// Reads a path.
    pub(crate) fn parse(path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        match segments.as_slice() {
            ["version"] => Self::Version,
            ["healthz" | "livez" | "readyz", ..] => Self::Health,
            ["api"] => Self::CoreVersions,
            ["apis"] => Self::Groups,
            ["apis", group] => Self::Group((*group).to_owned()),
            ["api", "v1"] => Self::Resources { group: String::new(), version: "v1".to_owned() },
            ["apis", group, version] => Self::Resources { group: (*group).to_owned(), version: (*version).to_owned() },
            ["api", "v1", rest @ ..] => Self::below("", rest),
            ["apis", resource::METRICS_GROUP, "v1beta1", rest @ ..] => Self::metrics(rest),
            ["apis", group, "v1", rest @ ..] => Self::below(group, rest),
            _ => Self::Unknown,
        }
    }

    fn metrics(rest: &[&str]) -> Self {
        let (namespace, plural, name) = match rest {
            ["namespaces", namespace, "pods"] => (*namespace, "pods", ""),
            ["namespaces", namespace, "pods", name] => (*namespace, "pods", *name),
            ["nodes", name] => ("", "nodes", *name),
            [plural] => ("", *plural, ""),
            _ => return Self::Unknown,
        };
        match resource::METRICS.iter().find(|resource| resource.plural == plural) {
            Some(resource) => Self::Metrics { resource, namespace: namespace.to_owned(), name: name.to_owned() },
            None => Self::Unknown,
        }
    }

    fn below(group: &str, rest: &[&str]) -> Self {
        if let [review] = rest
            && let Some((_, plural, _)) = REVIEWS.iter().find(|of| of.0 == group && of.1 == *review)
        {
            return Self::Review(plural);
        }
        let (namespace, plural, rest) = match rest {
            ["namespaces", namespace, plural, rest @ ..]
                if resource::find(group, plural).is_some_and(|found| found.namespaced) =>
            {
                (*namespace, *plural, rest)
            }
            [plural, rest @ ..] => ("", *plural, rest),
            [] => return Self::Unknown,
        };
        let Some(resource) = resource::find(group, plural) else {
            return Self::Unknown;
        };
        let namespace = namespace.to_owned();
        match rest {
            [] => Self::Collection { resource, namespace },
            _ if resource.namespaced && namespace.is_empty() => Self::Unknown,
            [name] => Self::Object { resource, namespace, name: (*name).to_owned(), subresource: String::new() },
            [name, subresource] => {
                Self::Object { resource, namespace, name: (*name).to_owned(), subresource: (*subresource).to_owned() }
            }
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(path: &str) -> (String, String, String, String) {
        match Target::parse(path) {
            Target::Object { resource, namespace, name, subresource } => {
                (resource.plural.to_owned(), namespace, name, subresource)
            }
            other => panic!("{path} is {other:?}"),
        }
    }

    #[test]
    fn paths_lead_to_objects_and_their_parts() {
        let own = |a: &str, b: &str, c: &str, d: &str| (a.into(), b.into(), c.into(), d.into());
        assert_eq!(object("/api/v1/namespaces/demo"), own("namespaces", "", "demo", ""));
        assert_eq!(object("/api/v1/namespaces/a/pods/b"), own("pods", "a", "b", ""));
        assert_eq!(object("/api/v1/namespaces/a/pods/b/log"), own("pods", "a", "b", "log"));
        assert_eq!(object("/api/v1/namespaces/a/status"), own("namespaces", "", "a", "status"));
        assert_eq!(object("/apis/apps/v1/namespaces/a/deployments/b"), own("deployments", "a", "b", ""));
        assert_eq!(Target::parse("/api/v1/pods/b"), Target::Unknown);
        assert_eq!(Target::parse("/api/v1/nothing"), Target::Unknown);
        assert_eq!(Target::parse("/api/v1/namespaces/a/pods/b/c/d"), Target::Unknown);
    }

    #[test]
    fn a_query_is_read_as_leniently_as_clients_write_it() {
        let query = Query::parse(Some("&watch=true&command=a+b&command=c%2Fd&limit=x"));
        assert!(query.flag("watch"));
        assert!(!query.flag("tty"));
        assert_eq!(query.all("command").collect::<Vec<_>>(), ["a b", "c/d"]);
        assert_eq!(query.number::<u64>("limit"), None);
    }
}

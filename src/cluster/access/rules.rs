//! Reading the rules that a `SelfSubjectRulesReview` lists; pure.

use serde::Deserialize;

use super::{Granted, PodRight};

/// The review as it comes back.
#[derive(Debug, Deserialize)]
pub(super) struct RulesReview {
    status: Option<Status>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    resource_rules: Vec<Rule>,
    #[serde(default)]
    incomplete: bool,
}

/// A missing or null list names nothing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    verbs: Option<Vec<String>>,
    #[serde(default)]
    api_groups: Option<Vec<String>>,
    #[serde(default)]
    resources: Option<Vec<String>>,
}

impl Rule {
    fn grants(&self, right: PodRight) -> bool {
        let (verb, subresource) = right.verb_and_subresource();
        let has = |list: &Option<Vec<String>>, wanted: &dyn Fn(&str) -> bool| {
            list.iter().flatten().any(|one| one == "*" || wanted(one))
        };
        // `*/log` is that subresource of everything (RBAC's ResourceMatches).
        let resource = |one: &str| match (one.split_once('/'), subresource) {
            (None, None) => one == "pods",
            (Some((of, sub)), Some(wanted)) => (of == "pods" || of == "*") && sub == wanted,
            _ => false,
        };
        has(&self.verbs, &|one| one == verb) && has(&self.api_groups, &str::is_empty) && has(&self.resources, &resource)
    }
}

impl RulesReview {
    /// What the rules say of each right. A rule for pods of certain names counts: it may be about the very pod.
    pub(super) fn granted(&self) -> Granted {
        let Some(status) = &self.status else { return Granted::new() };
        PodRight::ALL
            .into_iter()
            .filter_map(|right| match status.resource_rules.iter().any(|rule| rule.grants(right)) {
                true => Some((right, true)),
                false if status.incomplete => None,
                false => Some((right, false)),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn granted(status: &Value) -> Granted {
        serde_json::from_value::<RulesReview>(json!({ "status": status })).unwrap().granted()
    }

    #[test]
    fn rules_are_read_as_rbac_reads_them() {
        let all = granted(&json!({"resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]}));
        assert!(PodRight::ALL.iter().all(|right| all[right]));
        let some = granted(&json!({"resourceRules": [
            {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log", "*/exec"]},
            {"verbs": ["create"], "apiGroups": ["apps"], "resources": ["pods"]},
            {"verbs": ["delete"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["mine"]},
            {"verbs": ["patch"], "apiGroups": null},
        ], "incomplete": false}));
        let may: Vec<PodRight> = some.iter().filter(|(_, allowed)| **allowed).map(|(right, _)| *right).collect();
        assert_eq!(may, [PodRight::GetExec, PodRight::GetLog, PodRight::DeletePods]);
        assert_eq!(some.len(), PodRight::ALL.len());
    }

    #[test]
    fn an_incomplete_list_denies_nothing() {
        let rules = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"]}]);
        let some = granted(&json!({"resourceRules": rules, "incomplete": true}));
        assert_eq!(some, Granted::from([(PodRight::GetLog, true)]));
        assert!(granted(&Value::Null).is_empty());
    }
}

//! What a node's debugger sees of its node, against what its plan was to show it; it asks nothing.

use serde_json::{Value, json};

use super::Seen;
use crate::cluster::{Fix, Problem, Way, is_node_debugger, text::cleaned};
use crate::plan::{Plan, Profile, Request};

/// What a debugger should see of its node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectedNode {
    /// Its processes: PID 1 is the node's own.
    pub processes: bool,
    /// Its root directory, mounted here.
    pub root: Option<String>,
}

/// What the pod of a node's debugger should come to; `None` for every other plan, and where nothing of the node is shown.
pub(super) fn expected(plan: &Plan) -> Option<ExpectedNode> {
    let spec = plan.requests.iter().find_map(|request| match request {
        Request::CreatePod { pod, body, .. } if is_node_debugger(pod) => Some(&body["spec"]),
        _ => None,
    })?;
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let root = list(&spec["volumes"]).into_iter().find(|volume| volume["hostPath"]["path"] == "/");
    let mounts = list(&spec["containers"][0]["volumeMounts"]);
    let mount = root.and_then(|root| mounts.into_iter().find(|mount| mount["name"] == root["name"]));
    let root = mount.and_then(|mount| mount["mountPath"].as_str().map(cleaned));
    let processes = spec["hostPID"] == true;
    (processes || root.is_some()).then_some(ExpectedNode { processes, root })
}

/// Where the node's root directory should be mounted, as the script's argument.
pub(in crate::cluster::truth) fn host(expected: &super::Expected) -> String {
    expected.node.as_ref().and_then(|node| node.root.clone()).unwrap_or_default()
}

impl Seen {
    /// What is not to be seen of the node that should be.
    pub(super) fn node(&self, expected: &ExpectedNode) -> Vec<(String, Problem)> {
        let mut problems = Vec::new();
        if expected.processes && self.is_own {
            let problem = Problem::new(
                "the debugger does not see the processes of the node",
                "PID 1 is the debugger itself: a policy or the node's container runtime has passed over hostPID",
                "the node's files may be all there is to see; or another namespace may allow it",
            );
            let fix = Fix::new("the same in another namespace", Way::Namespace(None));
            problems
                .push(("does not see the node's processes: PID 1 is its own".to_owned(), problem.with_fixes([fix])));
        }
        if let Some(root) = expected.root.as_ref().filter(|_| !self.host_open) {
            let what = format!("the debugger cannot read the node's files ({root})");
            let (text, problem) = if self.own.uid == 0 {
                let why = "it is root and still may not: a security module of the node, or a policy, keeps it out";
                let fix = Fix::new("a new debugger that is privileged", Way::Profile(Profile::Sysadmin));
                let hint = "privileged debuggers are confined by no security module";
                (format!("cannot read {root}"), Problem::new(what, why, hint).with_fixes([fix]))
            } else {
                let why = format!("the debugger runs as user {}, and the directory is closed to others", self.own.uid);
                let custom = json!({ "securityContext": { "runAsUser": 0, "runAsNonRoot": false } });
                let way = Way::ProfileWith { profile: Profile::Sysadmin, custom };
                let problem = Problem::new(what, why, "root is what it takes");
                (
                    format!("cannot read {root} as uid {}", self.own.uid),
                    problem.with_fixes([Fix::new("a new debugger as root", way)]),
                )
            };
            problems.push((text, problem));
        }
        problems
    }

    /// What is proven to be seen of the node, in a few words; `None` where nothing is.
    pub(super) fn of_node(&self, expected: &ExpectedNode, capabilities: &[String]) -> Option<String> {
        let mut seen = Vec::new();
        if expected.processes && self.is_others {
            let first = self.first_name.as_ref().map(|name| format!(" (PID 1 is {name})")).unwrap_or_default();
            seen.push(format!("sees the node's processes{first}"));
        }
        if let Some(root) = expected.root.as_ref().filter(|_| self.host_open) {
            seen.push(format!("reads / at {root}"));
        }
        let privileged = capabilities.iter().any(|name| name == "SYS_ADMIN") && self.has("SYS_ADMIN");
        let privileged = if privileged { "privileged · " } else { "" };
        (!seen.is_empty()).then(|| format!("{privileged}{}", seen.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::truth::judge::{Expected, judge};
    use crate::plan::{DebugOptions, Facts, plan_for_node, suffixes};

    fn expected_of(profile: Profile) -> Expected {
        let node = json!({"metadata": {"name": "n1"}});
        let options = DebugOptions { image: Some("busybox".into()), profile, ..DebugOptions::default() };
        let plan = plan_for_node(&node, "ops", &Facts::default(), &options, &mut suffixes(|| 0)).unwrap();
        crate::cluster::expected(&node, &plan)
    }

    fn answer(uid: u32, effective: &str, more: &str) -> String {
        format!(
            "own Uid: {uid} {uid} {uid} {uid}\nown Gid: 0 0 0 0\nown CapEff: {effective}\nown cgroup 0::/\n\
             first cgroup 0::/../../init.scope\nfirst Uid: 0 0 0 0\nfirst Gid: 0 0 0 0\n{more}all said\n"
        )
    }

    const ALL: &str = "000001ffffffffff";

    #[test]
    fn what_is_planned_is_what_is_looked_for() {
        let sysadmin = expected_of(Profile::Sysadmin);
        assert_eq!(sysadmin.node, Some(ExpectedNode { processes: true, root: Some("/host".into()) }));
        assert_eq!(sysadmin.capabilities, ["SYS_ADMIN"]);
        assert_eq!(expected_of(Profile::Netadmin).node, Some(ExpectedNode { processes: true, root: None }));
        assert_eq!(expected_of(Profile::Restricted).node, None);
    }

    #[test]
    fn what_is_proven_is_said() {
        let whole = answer(0, ALL, "root open\nfirst comm systemd\nhost open\n");
        let sight = judge(&whole, &expected_of(Profile::Sysadmin)).unwrap();
        assert_eq!(sight.text, "privileged · sees the node's processes (PID 1 is systemd), reads / at /host");
        assert_eq!(sight.problem, None);
    }

    #[test]
    fn what_is_not_as_planned_is_named_with_a_way_out() {
        let own = answer(0, ALL, "root open\nroot own\nhost open\n");
        let sight = judge(&own, &expected_of(Profile::Sysadmin)).unwrap();
        assert_eq!(sight.text, "does not see the node's processes: PID 1 is its own");
        assert!(!sight.problem.unwrap().fixes.is_empty());
        let closed = answer(1000, "0000000000000000", "");
        let sight = judge(&closed, &expected_of(Profile::Sysadmin)).unwrap();
        assert_eq!(sight.text, "cannot read /host as uid 1000; SYS_ADMIN has no effect for uid 1000");
        let closed = answer(0, ALL, "root open\n");
        let sight = judge(&closed, &expected_of(Profile::General)).unwrap();
        assert!(sight.text.starts_with("cannot read /host"), "{}", sight.text);
        assert_eq!(sight.problem.unwrap().fixes[0].way, Way::Profile(Profile::Sysadmin));
    }
}

//! From what a debugger's own shell says of itself and of PID 1 to whether it is as planned; it asks nothing.

mod capabilities;
mod node;

use serde_json::{Value, json};

use self::capabilities::CAPABILITIES;
use self::node::ExpectedNode;
pub(super) use self::node::host;
use crate::cluster::{Fix, Problem, Way, text::cleaned};
use crate::plan::{Plan, Profile, Request, SeenUser};

/// Says who runs it and what PID 1 is. Nothing but what every POSIX shell has built in: an image may hold no more.
///
/// A process of another container has another cgroup, and its root directory is another one; only whoever may trace it
/// may enter that directory (ptrace(2), `PTRACE_MODE_READ_FSCREDS`). Its argument is where a node's root directory should
/// be mounted; empty where none should.
pub(super) const SCRIPT: &str = r#"
status() { while read -r k v; do case $k in Uid:|Gid:|CapEff:) echo "$1 $k $v";; esac; done <"$2"; }
cgroup() { while read -r v; do echo "$1 cgroup $v"; done <"$2"; }
status own /proc/self/status 2>/dev/null; status first /proc/1/status 2>/dev/null
cgroup own /proc/self/cgroup 2>/dev/null; cgroup first /proc/1/cgroup 2>/dev/null
if cd /proc/1/root 2>/dev/null && [ -r . ]; then echo "root open"; [ . -ef / ] 2>/dev/null && echo "root own"; fi
{ read -r v </proc/1/comm; } 2>/dev/null && echo "first comm $v"
if [ -n "$1" ] && cd "$1" 2>/dev/null && [ -r . ]; then echo "host open"; fi
echo "all said"
"#;

/// What was planned, as far as it can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// The container whose process should be PID 1 and whose files should be open; `None` where PID 1 is nobody's in
    /// particular: no target, or processes shared by the pod or with the node.
    pub target: Option<String>,
    /// The capabilities that should be effective, without `CAP_`.
    pub capabilities: Vec<String>,
    /// The profile that was taken.
    pub profile: Profile,
    /// What should be seen of a node.
    pub node: Option<ExpectedNode>,
    /// The pod's uid, under which it is remembered who the target runs as.
    pub pod: String,
}

impl Expected {
    /// Whether there is nothing to look at: whatever a look found would be as planned.
    pub fn is_nothing(&self) -> bool {
        self.target.is_none() && self.capabilities.is_empty() && self.node.is_none()
    }
}

/// What a debugger turned out to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// In a few words, for a title.
    pub text: String,
    /// What is not as planned; `None` if all is.
    pub problem: Option<Problem>,
}

/// What a plan for this pod should come to.
pub fn expected(pod: &Value, plan: &Plan) -> Expected {
    let container = plan.requests.iter().find_map(|request| match request {
        Request::PatchEphemeral { body, .. } => body["spec"]["ephemeralContainers"].as_array()?.last(),
        Request::CreatePod { body, .. } => body["spec"]["containers"]
            .as_array()?
            .iter()
            .find(|container| container["name"].as_str() == plan.container.as_deref()),
        Request::DeletePod { .. } => None,
    });
    let container = container.unwrap_or(&Value::Null);
    let context = &container["securityContext"];
    let shared = pod["spec"]["shareProcessNamespace"] == true || pod["spec"]["hostPID"] == true;
    let target = container["targetContainerName"].as_str().filter(|_| !shared).map(cleaned);
    let added = context["capabilities"]["add"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut capabilities: Vec<String> = added
        .iter()
        .filter_map(Value::as_str)
        .map(|name| name.strip_prefix("CAP_").unwrap_or(name).to_owned())
        .filter(|name| CAPABILITIES.contains(&name.as_str()))
        .collect();
    if context["privileged"] == true {
        capabilities.push("SYS_ADMIN".to_owned());
    }
    let pod = pod["metadata"]["uid"].as_str().map(cleaned).unwrap_or_default();
    Expected { target, capabilities, profile: plan.profile, node: node::expected(plan), pod }
}

/// Whether the answer says that it has said all.
pub(super) fn is_whole(answer: &str) -> bool {
    Seen::read(answer).is_some()
}

/// Who the target runs as, where PID 1 is known to be another container's process.
pub(super) fn target_user(answer: &str, expected: &Expected) -> Option<SeenUser> {
    expected.target.as_ref()?;
    let seen = Seen::read(answer)?;
    let Who { uid, gid } = seen.first.filter(|_| seen.is_others)?;
    Some(SeenUser { uid, gid })
}

/// Judges the script's answer; `None` if it is not whole, or there is nothing to say.
pub(super) fn judge(answer: &str, expected: &Expected) -> Option<Sight> {
    let seen = Seen::read(answer)?;
    let mut problems: Vec<(String, Problem)> = Vec::new();
    if let Some(target) = &expected.target {
        problems.extend(seen.target(target, expected.profile));
    }
    if let Some(node) = &expected.node {
        problems.extend(seen.node(node));
    }
    problems.extend(seen.capabilities(&expected.capabilities));
    let mut texts = Vec::new();
    let mut whole: Option<Problem> = None;
    for (text, problem) in problems {
        texts.push(text);
        match &mut whole {
            None => whole = Some(problem),
            Some(whole) => {
                whole.why = format!("{}; {}", whole.why, problem.why);
                whole.fixes.extend(problem.fixes);
            }
        }
    }
    match (whole, &expected.target) {
        (Some(problem), _) => Some(Sight { text: texts.join("; "), problem: Some(problem) }),
        // Only what is proven is said: PID 1 is another container's process, and its files are open.
        (None, Some(target)) if seen.is_others && seen.root_open => {
            let uid = seen.first.map(|who| format!(" (uid {})", who.uid)).unwrap_or_default();
            Some(Sight { text: format!("sees {target}{uid}, reads its files"), problem: None })
        }
        (None, _) => {
            let text = seen.of_node(expected.node.as_ref()?, &expected.capabilities)?;
            Some(Sight { text, problem: None })
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Who {
    uid: u32,
    gid: u32,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact that the script tells by itself")]
struct Seen {
    own: Who,
    effective: u64,
    first: Option<Who>,
    root_open: bool,
    /// Whether PID 1 is proven to be of our own container …
    is_own: bool,
    /// … or of another one; both may be unproven.
    is_others: bool,
    /// What PID 1 is called.
    first_name: Option<String>,
    /// Whether the node's root directory can be read where it should be mounted.
    host_open: bool,
}

impl Seen {
    fn read(answer: &str) -> Option<Self> {
        if answer.lines().last()?.trim() != "all said" {
            return None;
        }
        let find = |prefix: &str| answer.lines().find_map(|line| line.strip_prefix(prefix));
        // Real, effective, saved and filesystem ID; the second counts.
        let id = |prefix: &str| find(prefix)?.split_whitespace().nth(1)?.parse::<u32>().ok();
        let who = |uid: &str, gid: &str| Some(Who { uid: id(uid)?, gid: id(gid)? });
        let cgroups = |prefix: &str| -> Vec<&str> { answer.lines().filter_map(|l| l.strip_prefix(prefix)).collect() };
        let (own_groups, first_groups) = (cgroups("own cgroup "), cgroups("first cgroup "));
        let says = |what: &str| answer.lines().any(|line| line == what);
        let (root_open, is_own) = (says("root open"), says("root own"));
        let elsewhere = !own_groups.is_empty() && !first_groups.is_empty() && own_groups != first_groups;
        Some(Self {
            own: who("own Uid:", "own Gid:")?,
            effective: u64::from_str_radix(find("own CapEff:")?.trim(), 16).ok()?,
            first: who("first Uid:", "first Gid:"),
            root_open,
            is_own,
            is_others: !is_own && (root_open || elsewhere),
            first_name: find("first comm ").map(|name| cleaned(name.trim())).filter(|name| !name.is_empty()),
            host_open: says("host open"),
        })
    }

    fn target(&self, target: &str, profile: Profile) -> Option<(String, Problem)> {
        if self.is_own {
            let problem = Problem::new(
                format!("the debugger does not see the processes of {target}"),
                "PID 1 is the debugger itself: the node's container runtime has passed over the target",
                "a copy of the pod with shared processes needs nothing of the runtime",
            );
            let fix = Fix::new("a copy of the pod, its processes shared", Way::Copy);
            return Some((format!("does not see {target}: PID 1 is its own"), problem.with_fixes([fix])));
        }
        if self.root_open {
            return None;
        }
        let Some(first) = self.first else { return Some(self.hidden(target, profile)) };
        let (own, what) = (self.own, format!("the debugger cannot read the files of {target} (/proc/1/root)"));
        if first == own {
            let why = "it runs as the same user, but the process lets nobody look into it (it is not dumpable, or a \
                       security module forbids it)";
            let problem = Problem::new(what, why, "only a root debugger with SYS_PTRACE may, where one is admitted");
            return Some((format!("cannot read {target}'s files: its process is closed"), problem));
        }
        let why = format!(
            "{target} runs as user {}, group {}, the debugger as user {}, group {}, and without SYS_PTRACE only the \
             same user and group may",
            first.uid, first.gid, own.uid, own.gid
        );
        let text = format!("cannot read {target}'s files: {}:{} is not {}:{}", own.uid, own.gid, first.uid, first.gid);
        // Root is what the restricted profile is there to avoid.
        let fix = (first.uid != 0 || profile != Profile::Restricted).then(|| {
            let title = format!("a new debugger as user {}, group {}, as {target} runs", first.uid, first.gid);
            Fix::new(title, Way::User { uid: first.uid, gid: first.gid })
        });
        let hint = if fix.is_some() {
            String::new()
        } else {
            format!("{target} runs as root, which is not admitted here: its files stay closed")
        };
        Some((text, Problem::new(what, why, hint).with_fixes(fix)))
    }

    /// Not even the status of PID 1 can be read.
    fn hidden(&self, target: &str, profile: Profile) -> (String, Problem) {
        let problem = Problem::new(
            format!("the debugger cannot look at the processes of {target}"),
            "/proc shows it nothing of PID 1: it is mounted to hide other users' processes (hidepid), or a security \
             module forbids it",
            "a debugger with SYS_PTRACE sees them, where one is admitted",
        );
        let fix = (self.own.uid != 0 && profile != Profile::Restricted).then(|| {
            let custom = json!({ "securityContext": { "runAsUser": 0, "runAsNonRoot": false } });
            Fix::new("a new debugger as root", Way::ProfileWith { profile: Profile::General, custom })
        });
        (format!("cannot look at {target}: PID 1 is hidden"), problem.with_fixes(fix))
    }

    fn capabilities(&self, wanted: &[String]) -> Option<(String, Problem)> {
        let lost: Vec<&str> = wanted.iter().map(String::as_str).filter(|name| !self.has(name)).collect();
        if lost.is_empty() {
            return None;
        }
        let names = lost.join(", ");
        let what = format!("{names} has no effect");
        let (text, problem) = if self.own.uid == 0 {
            let why = "the debugger is root and still does not have it: a policy or the runtime takes it away";
            (format!("{names} was taken away"), Problem::new(what, why, ""))
        } else {
            let why = format!("the debugger runs as user {}, for whom added capabilities do nothing", self.own.uid);
            let context = json!({ "securityContext": { "runAsUser": 0, "runAsNonRoot": false } });
            let profile = if wanted.iter().any(|name| name == "SYS_ADMIN") {
                Profile::Sysadmin
            } else if wanted.iter().any(|name| name == "NET_ADMIN") {
                Profile::Netadmin
            } else {
                Profile::General
            };
            let fix = Fix::new("a new debugger as root", Way::ProfileWith { profile, custom: context });
            let problem = Problem::new(what, why, "root is what it takes, where root is admitted").with_fixes([fix]);
            (format!("{names} has no effect for uid {}", self.own.uid), problem)
        };
        Some((text, problem))
    }

    fn has(&self, capability: &str) -> bool {
        let bit = CAPABILITIES.iter().position(|name| *name == capability);
        bit.is_none_or(|bit| self.effective & (1 << bit) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer of a debugger under cgroup v2, as runc sets containers up.
    fn answer(own: (u32, u32), effective: &str, first: (u32, u32), root: &str) -> String {
        let ids = |of: &str, (uid, gid): (u32, u32)| {
            format!("{of} Uid: {uid}\t{uid}\t{uid}\t{uid}\n{of} Gid: {gid}\t{gid}\t{gid}\t{gid}\n")
        };
        format!(
            "{}own CapEff: {effective}\n{}first CapEff: 0\nown cgroup 0::/\nfirst cgroup 0::/../cri-containerd-ab.scope\n{root}all said\n",
            ids("own", own),
            ids("first", first)
        )
    }

    fn targeting(capabilities: &[&str]) -> Expected {
        let capabilities = capabilities.iter().map(|name| (*name).to_owned()).collect();
        Expected { target: Some("app".into()), capabilities, profile: Profile::General, ..Expected::default() }
    }

    const PTRACE: &str = "00000000a80c25fb";
    const NONE: &str = "0000000000000000";

    #[test]
    fn a_debugger_that_is_as_planned_says_what_it_sees() {
        let answer = answer((0, 0), PTRACE, (65532, 65532), "root open\n");
        let sight = judge(&answer, &targeting(&["SYS_PTRACE"])).unwrap();
        assert_eq!((sight.text.as_str(), sight.problem), ("sees app (uid 65532), reads its files", None));
    }

    #[test]
    fn another_group_is_enough_to_be_kept_out_and_the_fix_is_the_same_user_and_group() {
        let sight = judge(&answer((65532, 0), NONE, (65532, 65532), ""), &targeting(&[])).unwrap();
        assert_eq!(sight.text, "cannot read app's files: 65532:0 is not 65532:65532");
        let fixes = sight.problem.unwrap().fixes;
        assert_eq!(fixes[0].way, Way::User { uid: 65532, gid: 65532 });
        // Root is not admitted where the restricted profile was chosen.
        let restricted = Expected { profile: Profile::Restricted, ..targeting(&[]) };
        let sight = judge(&answer((65534, 65534), NONE, (0, 0), ""), &restricted).unwrap();
        assert_eq!(sight.problem.unwrap().fixes, []);
    }

    #[test]
    fn capabilities_that_do_nothing_are_named() {
        let sight = judge(&answer((65532, 65532), NONE, (65532, 65532), "root open\n"), &targeting(&["SYS_PTRACE"]));
        let sight = sight.unwrap();
        assert_eq!(sight.text, "SYS_PTRACE has no effect for uid 65532");
        assert!(matches!(&sight.problem.unwrap().fixes[0].way, Way::ProfileWith { profile: Profile::General, .. }));
        let both = judge(&answer((65532, 0), NONE, (65532, 65532), ""), &targeting(&["SYS_PTRACE"])).unwrap();
        assert_eq!(both.problem.unwrap().fixes.len(), 2);
        let root = judge(&answer((0, 0), NONE, (0, 0), "root open\n"), &targeting(&["NET_ADMIN"])).unwrap();
        assert_eq!(root.text, "NET_ADMIN was taken away");
    }

    #[test]
    fn a_target_that_was_passed_over_is_found_out() {
        let sight = judge(&answer((0, 0), PTRACE, (0, 0), "root open\nroot own\n"), &targeting(&[])).unwrap();
        assert_eq!(sight.text, "does not see app: PID 1 is its own");
        assert_eq!(sight.problem.unwrap().fixes[0].way, Way::Copy);
    }

    #[test]
    fn what_is_not_whole_or_not_proven_is_not_said() {
        let whole = answer((0, 0), PTRACE, (0, 0), "root open\n");
        assert_eq!(judge(&whole[..whole.len() - 4], &targeting(&[])), None);
        assert_eq!(judge("sh: not found", &targeting(&[])), None);
        assert_eq!(judge("\u{1b}[2J all said", &targeting(&[])), None);
        assert_eq!(judge(&whole, &Expected::default()), None);
    }

    #[test]
    fn a_target_that_cannot_be_looked_at_is_said_to_be_hidden() {
        let blind = "own Uid: 7 7 7 7\nown Gid: 0 0 0 0\nown CapEff: 0\nall said";
        let sight = judge(blind, &targeting(&[])).unwrap();
        assert_eq!(sight.text, "cannot look at app: PID 1 is hidden");
        assert!(matches!(sight.problem.unwrap().fixes[0].way, Way::ProfileWith { profile: Profile::General, .. }));
        let restricted = Expected { profile: Profile::Restricted, ..targeting(&[]) };
        assert_eq!(judge(blind, &restricted).unwrap().problem.unwrap().fixes, []);
        assert!(!restricted.is_nothing() && Expected { pod: "u".into(), ..Expected::default() }.is_nothing());
    }

    #[test]
    fn what_is_expected_is_read_from_the_plan() {
        let plan = |pod: Value| {
            let body = json!({"spec": {"ephemeralContainers": [{
                "name": "d", "targetContainerName": "app",
                "securityContext": {"privileged": true, "capabilities": {"add": ["CAP_NET_RAW", "NOSUCH"]}},
            }]}});
            let request = Request::PatchEphemeral { namespace: "n".into(), pod: "p".into(), body };
            let plan = Plan {
                requests: vec![request],
                namespace: "n".into(),
                pod: "p".into(),
                container: Some("d".into()),
                attach: true,
                profile: Profile::Sysadmin,
                reasons: vec![],
                warnings: vec![],
            };
            expected(&pod, &plan)
        };
        let own = plan(json!({"spec": {}}));
        assert_eq!((own.target.as_deref(), own.capabilities.len()), (Some("app"), 2));
        assert_eq!(plan(json!({"spec": {"shareProcessNamespace": true}})).target, None);
    }

    #[test]
    fn who_the_target_runs_as_is_learnt_where_it_is_proven() {
        let kept_out = answer((65532, 0), NONE, (65532, 7), "");
        let seen = target_user(&kept_out, &targeting(&[]));
        assert_eq!(seen, Some(SeenUser { uid: 65532, gid: 7 }));
        assert_eq!(target_user(&kept_out, &Expected::default()), None);
        let own = answer((0, 0), PTRACE, (0, 0), "root open\nroot own\n");
        assert_eq!(target_user(&own, &targeting(&[])), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_script_runs_in_a_plain_shell_and_answers_whole() {
        let said = std::process::Command::new("sh").args(["-c", SCRIPT]).output().unwrap();
        let answer = String::from_utf8(said.stdout).unwrap();
        assert!(Seen::read(&answer).is_some(), "{answer}");
    }
}

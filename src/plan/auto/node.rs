//! The profile of a debugger on a node, chosen from the facts; it never asks the node.

use serde_json::Value;

use super::{Chosen, user};
use crate::plan::{DebugOptions, Facts, PodSecurity, Profile};

/// Chooses for a node.
pub(in crate::plan) fn for_node(node: &Value, facts: Facts, options: &DebugOptions) -> Chosen {
    let mut chosen = Chosen { options: options.clone(), reasons: Vec::new() };
    if options.profile != Profile::Auto {
        return chosen;
    }
    let is_windows = node["status"]["nodeInfo"]["operatingSystem"] == "windows"
        || node["metadata"]["labels"]["kubernetes.io/os"] == "windows";
    match facts.enforce.unwrap_or(PodSecurity::Privileged) {
        _ if is_windows => {
            chosen.take(Profile::Baseline, "a Windows node has no namespaces of its own to join and no root to mount");
        }
        PodSecurity::Privileged => {
            let refused = if facts.enforce.is_some() || facts.labels_are_known {
                "the namespace does not forbid it"
            } else {
                "the namespace is not known to refuse it"
            };
            let why = "only a privileged debugger can use what it sees of the node";
            chosen.take(Profile::Sysadmin, &format!("{why}, and {refused}"));
        }
        PodSecurity::Baseline => chosen.take(
            Profile::Baseline,
            "the namespace enforces baseline, so the debugger is on the node but sees nothing of it; a namespace \
             that enforces nothing would allow more",
        ),
        PodSecurity::Restricted => {
            chosen.take(
                Profile::Restricted,
                "the namespace enforces restricted, so the debugger is on the node but sees nothing of it; a \
                 namespace that enforces nothing would allow more",
            );
            if !chosen.names_user() {
                let (context, reason) = user::nobody("no user is set");
                chosen.add_security(context);
                chosen.reasons.push(reason);
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chosen(node: &Value, enforce: Option<PodSecurity>) -> Chosen {
        for_node(node, Facts { enforce, ..Facts::default() }, &DebugOptions::default())
    }

    #[test]
    fn the_namespace_and_the_system_decide() {
        let linux = json!({"metadata": {"name": "n"}});
        for (level, profile) in [
            (None, Profile::Sysadmin),
            (Some(PodSecurity::Privileged), Profile::Sysadmin),
            (Some(PodSecurity::Baseline), Profile::Baseline),
            (Some(PodSecurity::Restricted), Profile::Restricted),
        ] {
            let chosen = chosen(&linux, level);
            assert_eq!(chosen.options.profile, profile);
            assert!(chosen.reasons[0].starts_with(&format!("profile {profile}: ")));
            let names_user = chosen.options.custom.is_some();
            assert_eq!(names_user, level == Some(PodSecurity::Restricted));
        }
        let windows = json!({"status": {"nodeInfo": {"operatingSystem": "windows"}}});
        assert_eq!(chosen(&windows, None).options.profile, Profile::Baseline);
    }
}

//! The ways that are left when the server has refused a plan; it never takes one by itself.

use serde_json::Value;

use super::{Chosen, for_node, for_pod};
use crate::plan::pod::Pod;
use crate::plan::{DebugOptions, Facts, Plan, PodSecurity, Profile, Refusal};

/// Another way that may be admitted where a plan was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// The profile it takes.
    pub profile: Profile,
    /// Why it may be admitted, and what it can and cannot do.
    pub reason: String,
    /// The choices to plan with; their profile is [`Alternative::profile`].
    pub options: DebugOptions,
}

/// The ways that are left for a debugger in this pod (or a copy of it) after the server refused `refused` by policy:
/// weaker profiles, the strongest first. Empty when the weakest was refused.
pub fn alternatives_for_pod(
    pod: &Value,
    facts: &Facts,
    options: &DebugOptions,
    refused: &Plan,
) -> Result<Vec<Alternative>, Refusal> {
    let pod = Pod::read(pod)?;
    Ok(weaker(*facts, options, refused.profile, |facts, options| for_pod(pod, facts, options)))
}

/// The ways that are left for a debugger on this node, as [`alternatives_for_pod`].
pub fn alternatives_for_node(node: &Value, facts: &Facts, options: &DebugOptions, refused: &Plan) -> Vec<Alternative> {
    weaker(*facts, options, refused.profile, |facts, options| for_node(node, facts, options))
}

fn weaker(
    facts: Facts,
    options: &DebugOptions,
    refused: Profile,
    choose: impl Fn(Facts, &DebugOptions) -> Chosen,
) -> Vec<Alternative> {
    let below = match refused {
        Profile::Restricted => None,
        Profile::Baseline | Profile::Legacy => Some(PodSecurity::Restricted),
        Profile::Auto | Profile::General | Profile::Netadmin | Profile::Sysadmin => Some(PodSecurity::Baseline),
    };
    let floor = below.max(facts.enforce);
    let auto = DebugOptions { profile: Profile::Auto, ..options.clone() };
    let mut alternatives: Vec<Alternative> = Vec::new();
    for level in [PodSecurity::Baseline, PodSecurity::Restricted] {
        if below.is_none() || Some(level) < floor {
            continue;
        }
        let chosen = choose(Facts { enforce: Some(level), ..facts }, &auto);
        let profile = chosen.options.profile;
        if profile != refused && alternatives.iter().all(|known| known.profile != profile) {
            let reason = format!("{}; {}", admitted_where(level), chosen.reasons.join("; "));
            alternatives.push(Alternative { profile, reason, options: chosen.options });
        }
    }
    alternatives
}

fn admitted_where(level: PodSecurity) -> &'static str {
    match level {
        PodSecurity::Privileged => "admitted where nothing is forbidden",
        PodSecurity::Baseline => "admitted where the Pod Security level baseline is enforced",
        PodSecurity::Restricted => "admitted under every Pod Security level",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{plan_for_node, plan_for_pod, suffixes};

    fn pod() -> Value {
        json!({
            "metadata": {"name": "p", "namespace": "n"},
            "spec": {"containers": [{"name": "app"}]},
            "status": {"containerStatuses": [{"name": "app", "user": {"linux": {"uid": 7, "gid": 8}}}]},
        })
    }

    fn options(profile: Profile) -> DebugOptions {
        DebugOptions { image: Some("busybox".into()), profile, ..DebugOptions::default() }
    }

    fn left_after(profile: Profile, enforce: Option<PodSecurity>) -> Vec<Alternative> {
        let (pod, options, facts) = (pod(), options(profile), Facts { enforce, ..Facts::default() });
        let plan = plan_for_pod(&pod, &facts, &options, &mut suffixes(|| 1)).unwrap();
        alternatives_for_pod(&pod, &facts, &options, &plan).unwrap()
    }

    fn profiles(alternatives: &[Alternative]) -> Vec<Profile> {
        alternatives.iter().map(|alternative| alternative.profile).collect()
    }

    #[test]
    fn weaker_profiles_are_left_and_each_can_be_planned() {
        use Profile::{Auto, Baseline, General, Legacy, Restricted, Sysadmin};
        for (refused, level, left) in [
            (Auto, None, vec![Baseline, Restricted]),
            (General, None, vec![Baseline, Restricted]),
            (Sysadmin, Some(PodSecurity::Restricted), vec![Restricted]),
            (Legacy, None, vec![Restricted]),
            (Baseline, Some(PodSecurity::Baseline), vec![Restricted]),
            (Restricted, None, vec![]),
        ] {
            let alternatives = left_after(refused, level);
            assert_eq!(profiles(&alternatives), left, "{refused} {level:?}");
            for alternative in alternatives {
                let facts = Facts { enforce: level, ..Facts::default() };
                let plan = plan_for_pod(&pod(), &facts, &alternative.options, &mut suffixes(|| 1)).unwrap();
                assert_eq!(plan.profile, alternative.profile);
                assert!(alternative.reason.contains("profile"), "{}", alternative.reason);
                let custom = alternative.options.custom.unwrap();
                assert_eq!(custom["securityContext"], json!({"runAsUser": 7, "runAsGroup": 8}));
            }
        }
    }

    #[test]
    fn a_node_has_them_too() {
        let node = json!({"metadata": {"name": "n1"}});
        let (options, facts) = (options(Profile::Auto), Facts::default());
        let plan = plan_for_node(&node, "n", &facts, &options, &mut suffixes(|| 1)).unwrap();
        let left = alternatives_for_node(&node, &facts, &options, &plan);
        assert_eq!(profiles(&left), [Profile::Baseline, Profile::Restricted]);
    }
}

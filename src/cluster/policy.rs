//! Tells a refusal by admission policy from a missing right: for the first another profile may help; it asks nothing.

use super::Problem;

/// What a refusal by Pod Security says when it is the debugger that breaks the level: a weaker one may be admitted.
pub(super) const DEBUGGER_BREAKS: &str = "which the debugger breaks";

impl Problem {
    /// Whether admission refused our debugger by a policy: Pod Security, a webhook or a validating policy. What the pod
    /// itself or an older debugger in it breaks is none of this: nothing weaker helps there.
    pub fn is_of_policy(&self) -> bool {
        let why = self.why.as_str();
        why.contains("violates PodSecurity")
            || (why.contains("Pod Security level") && why.contains(DEBUGGER_BREAKS))
            || (why.contains("admission webhook") && why.contains("denied the request"))
            || (why.contains("ValidatingAdmissionPolicy") && why.contains("denied request"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_told_apart_from_rights() {
        for (why, policy) in [
            ("pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": non-default capabilities", true),
            ("admission webhook \"policy.example\" denied the request: no added capabilities", true),
            ("pods \"p\" is forbidden: ValidatingAdmissionPolicy 'x' with binding 'y' denied request: no", true),
            ("pods \"p\" is forbidden: User \"u\" cannot patch resource \"pods/ephemeralcontainers\"", false),
            ("exceeded quota: pods", false),
            ("the namespace enforces the Pod Security level baseline, which the debugger breaks: host ports", true),
            ("the pod itself (app) breaks the Pod Security level baseline, which the namespace enforces now: x", false),
        ] {
            assert_eq!(Problem::new("cannot", why, "").is_of_policy(), policy, "{why}");
        }
    }
}

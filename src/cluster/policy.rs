//! Tells a refusal by admission policy from a missing right: for the first another profile may help; it asks nothing.

use super::Problem;

impl Problem {
    /// Whether admission refused this by a policy: Pod Security, a webhook or a validating policy.
    pub fn is_of_policy(&self) -> bool {
        let why = self.why.as_str();
        why.contains("violates PodSecurity")
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
        ] {
            assert_eq!(Problem::new("cannot", why, "").is_of_policy(), policy, "{why}");
        }
    }
}

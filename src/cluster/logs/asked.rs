//! Whose logs are meant by what somebody types, in kubectl's words; it asks the cluster nothing.

use super::{LogScope, selector};
use crate::cluster::{ForwardKind, ForwardTarget, PodKey};

/// The longest name of an object (RFC 1123).
const NAME_MAX: usize = 253;

impl LogScope {
    /// Reads `TYPE/NAME` (a pod, a workload or a Service) or a label selector, in a namespace.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    pub fn parse(typed: &str, namespace: &str) -> Result<Self, String> {
        let named = typed.split_once('/').filter(|(kind, name)| is_word(kind) && !name.contains(['=', '!', '(', ',']));
        let Some((kind, name)) = named else {
            selector::check(typed)?;
            return Ok(Self::Selector(namespace.into(), typed.to_owned()));
        };
        if !is_object(name) {
            return Err(format!("{name:?} is no name of an object"));
        }
        let target = ForwardTarget::parse(typed, namespace).ok_or_else(|| {
            format!("{kind:?} has no logs to follow: name a pod, svc, deploy, rs, sts, ds, rc or job, or labels")
        })?;
        Ok(match target.kind {
            ForwardKind::Pod => Self::Pod(PodKey { namespace: namespace.into(), name: name.into() }),
            _ => Self::Owner(target),
        })
    }
}

/// Whether this may be a kind: what has a dot in it is the prefix of a label.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_object(name: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    (1..=NAME_MAX).contains(&name.len())
        && is_end(name.bytes().next())
        && is_end(name.bytes().last())
        && name.bytes().all(|byte| is_end(Some(byte)) || b"-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectls_words_and_selectors_are_told_apart() {
        let owner = |words: &str| match LogScope::parse(words, "shop") {
            Ok(LogScope::Owner(owner)) => format!("{} in {}", owner.words(), owner.namespace),
            other => format!("{other:?}"),
        };
        assert_eq!(owner("svc/api"), "service/api in shop");
        assert_eq!(owner("deploy/api"), "deployment/api in shop");
        assert_eq!(owner("sts/ledger-db"), "statefulset/ledger-db in shop");
        let pod = PodKey { namespace: "shop".into(), name: "api-0".into() };
        assert_eq!(LogScope::parse("pod/api-0", "shop"), Ok(LogScope::Pod(pod)));
        for selector in ["app=web,tier!=x", "example.com/app", "team/app=web", "app", "!app"] {
            let wanted = LogScope::Selector("shop".into(), selector.to_owned());
            assert_eq!(LogScope::parse(selector, "shop"), Ok(wanted));
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (typed, why) in [
            ("ingress/api", "has no logs"),
            ("deploy/", "no name of an object"),
            ("deploy/Api", "no name of an object"),
            ("app=web,", "missing"),
            ("", "missing"),
        ] {
            let told = LogScope::parse(typed, "shop").expect_err(typed);
            assert!(told.contains(why), "{typed}: {told}");
        }
    }
}

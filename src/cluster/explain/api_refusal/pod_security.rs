//! Whose fault a refusal of Pod Security is: the whole pod is judged, whatever was added; told from the names in it.

/// A refusal: `violates PodSecurity "restricted:latest": check (container "d" must …), check (…)`.
pub(super) struct Breach<'a> {
    /// `baseline` or `restricted`.
    pub(super) level: &'a str,
    /// The checks that failed, in the server's words.
    pub(super) checks: &'a str,
}

/// Who breaks the level.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// What we asked for, and nothing else.
    Ours,
    /// A debugger that was there before; their names.
    Older(String),
    /// The pod's own containers or the pod as such; the names, none where no container is named.
    ThePods(String),
}

impl<'a> Breach<'a> {
    /// `None` where the refusal is about something else.
    pub(super) fn of(message: &'a str) -> Option<Self> {
        let (_, rest) = message.split_once("violates PodSecurity \"")?;
        let (level, checks) = rest.split_once("\": ")?;
        let level = level.split(':').next().unwrap_or(level);
        Some(Self { level, checks })
    }

    /// Whose fault it is. The pod's own counts most: nothing we change helps then.
    pub(super) fn whose(&self, ours: &[&str], older: &[&str]) -> Whose {
        let names = self.containers();
        let foreign: Vec<&str> =
            names.iter().copied().filter(|name| !ours.contains(name) && !older.contains(name)).collect();
        let old: Vec<&str> = names.iter().copied().filter(|name| older.contains(name)).collect();
        if !foreign.is_empty() {
            return Whose::ThePods(foreign.join(", "));
        }
        if !old.is_empty() {
            return Whose::Older(old.join(", "));
        }
        if names.is_empty() && !ours.is_empty() {
            // Host namespaces, volumes and the like are the pod's as such.
            return Whose::ThePods(String::new());
        }
        Whose::Ours
    }

    /// The containers that the checks name, each once: `container "a"` and `containers "a", "b"`.
    fn containers(&self) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut rest = self.checks;
        while let Some(at) = rest.find("container") {
            rest = rest[at + "container".len()..].trim_start_matches('s').trim_start();
            while let Some((name, after)) = rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
                if !names.contains(&name) {
                    names.push(name);
                }
                rest = after.strip_prefix(", ").unwrap_or(after);
                if !after.starts_with(", ") {
                    break;
                }
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose(checks: &str, ours: &[&str], older: &[&str]) -> Whose {
        let message = format!("pods \"p\" is forbidden: violates PodSecurity \"restricted:v1.30\": {checks}");
        Breach::of(&message).unwrap().whose(ours, older)
    }

    #[test]
    fn the_names_say_whose_fault_it_is() {
        let one = "allowPrivilegeEscalation != false (container \"d2\" must set x), seccompProfile (pod or container \"d2\" must set y)";
        assert_eq!(whose(one, &["d2"], &[]), Whose::Ours);
        assert_eq!(whose(one, &["d3"], &["d2"]), Whose::Older("d2".to_owned()));
        let several = "runAsNonRoot != true (pod or containers \"app\", \"d2\" must set z)";
        assert_eq!(whose(several, &["d2"], &[]), Whose::ThePods("app".to_owned()));
        assert_eq!(whose("host namespaces (hostNetwork=true)", &["d"], &[]), Whose::ThePods(String::new()));
        assert!(Breach::of("exceeded quota").is_none());
    }
}

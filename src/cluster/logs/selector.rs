//! The syntax of label selectors, as the API reads them: it is checked here, so that what is wrong is told at once and in
//! words; it selects nothing.

/// The longest name of a label, and the longest value.
const NAME_MAX: usize = 63;
/// The longest prefix of a label, a DNS subdomain.
const PREFIX_MAX: usize = 253;

/// Checks a selector like `app=web,tier!=x,stage in (a, b),!canary`.
///
/// # Errors
/// What is wrong with it, in a few words.
pub(super) fn check(selector: &str) -> Result<(), String> {
    requirements(selector)?.into_iter().try_for_each(requirement)
}

/// The requirements between the commas that do not stand in brackets.
fn requirements(selector: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut begin, mut inside) = (Vec::new(), 0, false);
    for (at, c) in selector.char_indices() {
        match c {
            '(' | ')' if inside == (c == '(') => return Err(format!("a bracket too many: {c}")),
            '(' | ')' => inside = c == '(',
            ',' if !inside => {
                parts.push(selector[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err("a closing bracket is missing".to_owned());
    }
    parts.push(selector[begin..].trim());
    if parts.iter().any(|part| part.is_empty()) {
        return Err("a requirement is missing beside a comma".to_owned());
    }
    Ok(parts)
}

fn requirement(text: &str) -> Result<(), String> {
    if let Some((label, values)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let mut words = label.split_whitespace();
        let (Some(label), Some("in" | "notin"), None) = (words.next(), words.next(), words.next()) else {
            return Err(format!("{text:?} is to be LABEL in (…) or LABEL notin (…)"));
        };
        key(label)?;
        return values.split(',').try_for_each(|one| value(one.trim()));
    }
    if let Some(label) = text.strip_prefix('!') {
        return key(label.trim());
    }
    let Some(at) = text.find(['=', '!', '<', '>']) else { return key(text) };
    let (label, rest) = text.split_at(at);
    key(label.trim())?;
    if let Some(number) = rest.strip_prefix(['<', '>']) {
        let number = number.trim();
        return number.parse::<i64>().map(drop).map_err(|_| format!("{number:?} is no number to compare with"));
    }
    let other = ["==", "!=", "="].into_iter().find_map(|operator| rest.strip_prefix(operator));
    value(other.ok_or_else(|| format!("{text:?} has no operator that there is: =, ==, !=, in, notin, < or >"))?.trim())
}

fn key(text: &str) -> Result<(), String> {
    let (prefix, name) = text.rsplit_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    let is_prefix = |prefix: &str| {
        let is_part = |part: &str| is_name(part, |byte| byte == b'-') && !part.contains(char::is_uppercase);
        prefix.len() <= PREFIX_MAX && prefix.split('.').all(is_part)
    };
    if is_name(name, |byte| b"-_.".contains(&byte)) && prefix.is_none_or(is_prefix) {
        return Ok(());
    }
    Err(format!("{text:?} is no name of a label"))
}

fn value(text: &str) -> Result<(), String> {
    if text.is_empty() || is_name(text, |byte| b"-_.".contains(&byte)) {
        return Ok(());
    }
    Err(format!("{text:?} is no value of a label"))
}

fn is_name(text: &str, between: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    (1..=NAME_MAX).contains(&bytes.len())
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || between(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_takes_is_taken() {
        for selector in [
            "app=web",
            "app==web,tier!=x",
            "app.kubernetes.io/name = web , !canary",
            "stage in (a, b),stage notin (c)",
            "canary",
            "generation>3,generation<5",
            "app=",
        ] {
            assert_eq!(check(selector), Ok(()), "{selector}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_words() {
        for (selector, why) in [
            ("", "missing"),
            ("app=web,", "missing"),
            ("app=web tier", "no value"),
            ("=web", "no name"),
            ("-app=web", "no name"),
            ("Example.Com/app=web", "no name"),
            ("a/b/c=web", "no name"),
            ("app!web", "operator"),
            ("app=web=x", "no value"),
            ("app in (a", "closing"),
            ("app in a)", "bracket too many"),
            ("app within (a)", "in (…)"),
            ("app in (a b)", "no value"),
            ("generation>x", "number"),
            (&format!("app={}", "x".repeat(64)), "no value"),
        ] {
            let told = check(selector).expect_err(selector);
            assert!(told.contains(why), "{selector}: {told}");
        }
    }
}

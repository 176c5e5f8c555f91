//! The words of kubectl's flags, read as kubectl reads them; it never knows which command line they came from.

use super::{Profile, PullPolicy, Refusal};

/// Reads the words of `--env`, one for each time the flag was given.
///
/// A word with one `=` is one pair (`A=1,2` sets `A` to `1,2`); a word with several is a CSV record of pairs
/// (`B=x,C=y`). The last value of a name wins.
///
/// # Errors
/// A [`Refusal`] for a word or a field without `=`, and for a record whose quotes do not match.
pub fn parse_env<S: AsRef<str>>(words: &[S]) -> Result<Vec<(String, String)>, Refusal> {
    parse_pairs("--env", words)
}

/// Reads the words of `--set-image`, by the rules of [`parse_env`]. The images are not looked at.
///
/// # Errors
/// As [`parse_env`].
pub fn parse_set_image<S: AsRef<str>>(words: &[S]) -> Result<Vec<(String, String)>, Refusal> {
    parse_pairs("--set-image", words)
}

/// Reads the word of `--profile`: kubectl's six, and `auto`.
///
/// # Errors
/// A [`Refusal`] that names the words there are.
pub fn parse_profile(word: &str) -> Result<Profile, Refusal> {
    use Profile::{Auto, Baseline, General, Legacy, Netadmin, Restricted, Sysadmin};
    let all = [Auto, Legacy, General, Baseline, Restricted, Netadmin, Sysadmin];
    all.into_iter().find(|profile| profile.as_str() == word).ok_or_else(|| {
        let words = all.map(Profile::as_str).join(", ");
        Refusal::new(format!("unknown profile {word:?}; there are {words}"))
    })
}

/// Reads the word of `--image-pull-policy`; an empty one leaves it to the server.
///
/// # Errors
/// A [`Refusal`] that names the words there are.
pub fn parse_pull_policy(word: &str) -> Result<Option<PullPolicy>, Refusal> {
    if word.is_empty() {
        return Ok(None);
    }
    let all = [PullPolicy::Always, PullPolicy::IfNotPresent, PullPolicy::Never];
    all.into_iter().find(|policy| policy.as_str() == word).map(Some).ok_or_else(|| {
        let words = all.map(PullPolicy::as_str).join(", ");
        Refusal::new(format!("invalid image pull policy {word:?}; there are {words}"))
    })
}

/// The one word of `--env` or `--set-image` that [`parse_env`] reads as this pair.
pub(super) fn pair_word(key: &str, value: &str) -> String {
    let pair = format!("{key}={value}");
    let is_literal = pair.matches('=').count() == 1;
    if is_literal && !pair.starts_with('"') && !pair.ends_with('"') {
        return pair;
    }
    let quoted = format!("\"{}\"", pair.replace('"', "\"\""));
    // A single pair loses the quotes at its ends, a record does not: said twice it is a record.
    if is_literal { format!("{quoted},{quoted}") } else { quoted }
}

fn parse_pairs<S: AsRef<str>>(flag: &str, words: &[S]) -> Result<Vec<(String, String)>, Refusal> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for word in words {
        let word = word.as_ref();
        let fields = match word.matches('=').count() {
            0 | 1 => vec![word.trim_matches('"').to_owned()],
            _ => record(word).ok_or_else(|| Refusal::new(format!("{flag}: the quotes in {word:?} do not match")))?,
        };
        for field in fields {
            let (key, value) = field
                .split_once('=')
                .ok_or_else(|| Refusal::new(format!("{flag}: {field:?} is not of the form key=value")))?;
            match pairs.iter_mut().find(|(known, _)| known == key) {
                Some((_, old)) => value.clone_into(old),
                None => pairs.push((key.to_owned(), value.to_owned())),
            }
        }
    }
    Ok(pairs)
}

/// The fields of the first CSV record (RFC 4180); `None` when its quotes are wrong.
fn record(text: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = text.trim_start_matches(['\r', '\n']);
    loop {
        let mut field = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (part, after) = quoted.split_once('"')?;
                field.push_str(part);
                if let Some(after) = after.strip_prefix('"') {
                    field.push('"');
                    quoted = after;
                } else {
                    rest = after;
                    break;
                }
            }
        } else {
            let end = rest.find([',', '\r', '\n']).unwrap_or(rest.len());
            field.push_str(&rest[..end]);
            if field.contains('"') {
                return None;
            }
            rest = &rest[end..];
        }
        fields.push(field);
        match rest.chars().next() {
            Some(',') => rest = &rest[1..],
            None | Some('\r' | '\n') => return Some(fields),
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn one_equals_sign_is_one_pair_and_more_are_a_record() {
        assert_eq!(parse_env(&["A=1,2"]).unwrap(), pairs(&[("A", "1,2")]));
        assert_eq!(parse_env(&["B=x,C=y"]).unwrap(), pairs(&[("B", "x"), ("C", "y")]));
        assert_eq!(parse_env(&["D=p=q"]).unwrap(), pairs(&[("D", "p=q")]));
        assert_eq!(parse_env(&["A=1", "A=2", "E="]).unwrap(), pairs(&[("A", "2"), ("E", "")]));
        assert_eq!(parse_env(&["\"Q=1\""]).unwrap(), pairs(&[("Q", "1")]));
        assert_eq!(parse_env(&["\"A=say \"\"x,y\"\"\",B=2"]).unwrap(), pairs(&[("A", "say \"x,y\""), ("B", "2")]));
    }

    #[test]
    fn what_is_no_pair_is_refused_by_its_flag_name() {
        for word in ["FOO", "", "A=1,B,C=2", "A=\"x,B=2", "\"A=1\"x,B=2"] {
            let refusal = parse_set_image(&[word]).unwrap_err();
            assert!(refusal.message.contains("--set-image"), "{refusal}");
        }
    }

    #[test]
    fn profiles_and_policies_are_exact_words() {
        assert_eq!(parse_profile("auto").unwrap(), Profile::Auto);
        assert_eq!(parse_profile("sysadmin").unwrap(), Profile::Sysadmin);
        for word in ["", "General", "nonsense"] {
            assert!(parse_profile(word).unwrap_err().message.contains("restricted"));
        }
        assert_eq!(parse_pull_policy("").unwrap(), None);
        assert_eq!(parse_pull_policy("Never").unwrap(), Some(PullPolicy::Never));
        assert!(parse_pull_policy("always").is_err());
    }

    proptest! {
        #[test]
        fn a_written_pair_is_read_as_itself(key in "[A-Za-z_]{1,8}", value in "[a-z=,\"' \n]{0,12}") {
            let word = pair_word(&key, &value);
            prop_assert_eq!(parse_env(&[word]).unwrap(), vec![(key, value)]);
        }

        #[test]
        fn no_word_panics(word in "[=,\"\r\na\u{e9}]{0,16}") {
            let _ = parse_env(&[word]);
        }
    }
}

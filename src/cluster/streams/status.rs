//! The last frame of a stream: what became of the process; it never reads frames itself.

use serde::Deserialize;

use super::{super::text::cleaned, Success};
use crate::session::End;

#[derive(Deserialize)]
struct StatusFrame {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    causes: Vec<Cause>,
}

#[derive(Deserialize)]
struct Cause {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
}

/// How a stream ended, from the status frame: the exit code by reason and causes, never by the message.
pub(super) fn verdict(frame: &[u8], success: Success) -> End {
    let Ok(status) = serde_json::from_slice::<StatusFrame>(frame) else {
        return End::Failed {
            reason: format!("the server's last words: {}", cleaned(&String::from_utf8_lossy(frame))),
        };
    };
    if status.status == "Success" {
        return match success {
            Success::ExitedZero => End::Exited { code: 0 },
            Success::Finished | Success::FinishedIfSaid => End::Finished,
        };
    }
    let code = status.details.iter().flat_map(|details| &details.causes).find(|cause| cause.reason == "ExitCode");
    match code.and_then(|cause| cause.message.trim().parse().ok()) {
        Some(code) if status.reason == "NonZeroExitCode" => End::Exited { code },
        _ => {
            let words =
                [status.message.as_str(), status.reason.as_str()].into_iter().find(|words| !words.trim().is_empty());
            End::Failed {
                reason: words.map_or_else(|| "the server gave no reason".to_owned(), |words| cleaned(plain(words))),
            }
        }
    }
}

/// The words without the layers that say nothing.
fn plain(message: &str) -> &str {
    let mut message = message;
    while let Some(rest) = message.strip_prefix("Internal error occurred: ") {
        message = rest;
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_read_from_the_causes_and_not_the_message() {
        let frame = br#"{"metadata":{},"status":"Failure","message":"error executing command [sh], exit code 9","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#;
        assert_eq!(verdict(frame, Success::ExitedZero), End::Exited { code: 3 });
    }

    #[test]
    fn success_means_what_the_verb_can_know() {
        let frame = br#"{"metadata":{},"status":"Success"}"#;
        assert_eq!(verdict(frame, Success::ExitedZero), End::Exited { code: 0 });
        assert_eq!(verdict(frame, Success::Finished), End::Finished);
    }

    #[test]
    fn what_could_not_start_is_told_without_its_layers() {
        let frame = br#"{"status":"Failure","message":"Internal error occurred: Internal error occurred: error executing command in container: exec: \"ls\": executable file not found in $PATH","reason":"InternalError","code":500}"#;
        let End::Failed { reason } = verdict(frame, Success::ExitedZero) else { panic!("not failed") };
        assert!(reason.starts_with("error executing command in container"), "{reason}");
        for broken in [&b"not json"[..], b"{}", b"{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\"}"] {
            assert!(matches!(verdict(broken, Success::ExitedZero), End::Failed { .. }));
        }
    }
}

//! Turns every way a request can fail into a [`Problem`] a person can act on; it never retries and never asks anything.

use std::{error::Error, fmt, time::Duration};

use kube::core::Status;

use super::{Fix, Problem, text::cleaned};

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.headline())?;
        if !self.hint.is_empty() {
            write!(formatter, " ({})", self.hint)?;
        }
        Ok(())
    }
}

impl Error for Problem {}

impl Problem {
    /// What happened and why, in one line.
    pub fn headline(&self) -> String {
        if self.why.is_empty() { self.what.clone() } else { format!("{}: {}", self.what, self.why) }
    }

    /// What happened, why, and what to do next, each on a line of its own.
    pub fn lines(&self) -> String {
        let said: Vec<&str> =
            [&*self.what, &self.why, &self.hint].into_iter().filter(|part| !part.is_empty()).collect();
        said.join("\n")
    }

    /// A problem of three sentences, each cleaned of control characters.
    pub fn new(what: impl AsRef<str>, why: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self {
            what: cleaned(what.as_ref()),
            why: cleaned(why.as_ref()),
            hint: cleaned(hint.as_ref()),
            fixes: Vec::new(),
        }
    }

    /// The same with these ways out, the likeliest first.
    #[must_use]
    pub fn with_fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Self {
        self.fixes.extend(fixes);
        self
    }
}

/// Why a request has no good answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server said no.
    Api(Box<Status>),
    /// The server said nothing for so long.
    Silent(Duration),
    /// The connection could not be made or broke.
    Broken {
        /// The causes, outermost first.
        why: String,
        /// What usually helps.
        hint: &'static str,
    },
    /// The answer is not what this API says.
    Unreadable(String),
    /// There was no credential to ask with, or no request to make of what was given.
    Refused(Problem),
}

impl From<kube::Error> for Fault {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Api(status),
            kube::Error::Service(inner) => match inner.downcast::<Problem>() {
                Ok(problem) => Self::Refused(*problem),
                Err(inner) => Self::broken(inner.as_ref()),
            },
            kube::Error::SerdeError(error) => Self::Unreadable(cleaned(&error.to_string())),
            kube::Error::FromUtf8(_) => Self::Unreadable("it is not text".to_owned()),
            kube::Error::UpgradeConnection(error) => Self::Unreadable(format!(
                "no websocket was opened ({}); a proxy on the way may not pass them",
                cleaned(&error.to_string())
            )),
            other => Self::broken(&other),
        }
    }
}

impl Fault {
    /// A connection that failed, told by its chain of causes.
    pub(super) fn broken(error: &(dyn Error + 'static)) -> Self {
        let why = causes(error);
        let hint = advice(error, &why);
        Self::Broken { why, hint }
    }

    /// The server's refusal, if it is one.
    pub(super) fn status(&self) -> Option<&Status> {
        match self {
            Self::Api(status) => Some(status),
            _ => None,
        }
    }

    /// The HTTP code of the refusal; 0 where there is none.
    pub(super) fn code(&self) -> u16 {
        self.status().map_or(0, |status| status.code)
    }

    /// Whether the list or watch must start afresh: HTTP 410, or a Status that says so.
    pub(super) fn is_expired(&self) -> bool {
        self.status().is_some_and(|status| status.code == 410 || matches!(status.reason.as_str(), "Expired" | "Gone"))
    }

    /// Why, in one sentence.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Api(status) => refusal(status),
            Self::Silent(time) => format!("the server did not answer within {} s", time.as_secs()),
            Self::Broken { why, .. } => why.clone(),
            Self::Unreadable(why) => format!("the answer cannot be read: {why}"),
            Self::Refused(problem) => problem.why.clone(),
        }
    }

    /// What to tell the person who asked for `what`.
    pub(super) fn problem(&self, what: impl AsRef<str>) -> Problem {
        let hint = match self {
            Self::Api(status) => status_advice(status),
            Self::Silent(_) => {
                "check the network, the VPN and whether the API server is overloaded; then try again".to_owned()
            }
            Self::Broken { hint, .. } => (*hint).to_owned(),
            Self::Unreadable(_) => {
                "check that the context's server is a Kubernetes API and not a login page or a proxy".to_owned()
            }
            Self::Refused(problem) => {
                return Problem::new(what, format!("{}: {}", problem.what, problem.why), &problem.hint);
            }
        };
        Problem::new(what, self.why(), hint)
    }
}

/// The server's words; where it has none, what its code means.
fn refusal(status: &Status) -> String {
    let message = status.message.trim();
    if !message.is_empty() {
        // A page of HTML says nothing to a person.
        if message.starts_with('<') {
            return format!("the server answered {} with a web page", status.code);
        }
        return cleaned(message);
    }
    match (status.code, status.reason.as_str()) {
        (0, "") => "the server gave no reason".to_owned(),
        (code, "") => format!("the server answered {code}"),
        (_, reason) => cleaned(reason),
    }
}

fn status_advice(status: &Status) -> String {
    let message = status.message.as_str();
    match status.code {
        400 => "the request does not fit this object; look at its containers again".to_owned(),
        401 => "the credentials are not accepted: log in again, then try again".to_owned(),
        403 if message.contains("violates PodSecurity") => {
            "the namespace's Pod Security level refuses it: choose a profile it admits (restricted fits every level)"
                .to_owned()
        }
        403 if message.contains("being terminated") => {
            "the namespace is being deleted; nothing new can start in it".to_owned()
        }
        403 if message.contains("exceeded quota") => {
            "the namespace's quota is used up: free some of it, or ask for more".to_owned()
        }
        403 => match MissingRight::of(message) {
            Some(right) => format!("ask for the right to {right}"),
            None => "ask the cluster's administrators for this right".to_owned(),
        },
        404 => "it may have been deleted meanwhile; look at the list again".to_owned(),
        405 => "this server does not know the operation".to_owned(),
        409 if status.reason == "AlreadyExists" => "choose another name".to_owned(),
        409 => "it was changed at the same time; try again".to_owned(),
        410 => "what was read is too old; it is read again".to_owned(),
        413 => "the request is too large for the server".to_owned(),
        422 => match status.details.as_ref().and_then(|details| details.causes.first()) {
            Some(cause) if !cause.field.is_empty() => format!("change {}", cause.field),
            _ => "change what the server names and try again".to_owned(),
        },
        429 => "the server is busy; wait a little and try again".to_owned(),
        500 if message.contains("webhook") => {
            "an admission webhook stands in the way: its owners can say why".to_owned()
        }
        500.. => "the server has trouble of its own; try again in a moment".to_owned(),
        _ => String::new(),
    }
}

/// A right that RBAC says is missing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MissingRight<'a> {
    verb: &'a str,
    resource: &'a str,
    namespace: Option<&'a str>,
}

impl<'a> MissingRight<'a> {
    /// Reads `User "x" cannot patch resource "pods/ephemeralcontainers" in API group "" in the namespace "demo"`.
    pub(super) fn of(message: &'a str) -> Option<Self> {
        let (_, rest) = message.split_once("\" cannot ")?;
        let (verb, rest) = rest.split_once(" resource \"")?;
        let (resource, rest) = rest.split_once('"')?;
        let namespace = rest.split_once("in the namespace \"").and_then(|(_, rest)| rest.split_once('"'));
        Some(Self { verb, resource, namespace: namespace.map(|(namespace, _)| namespace) })
    }

    /// `patch`.
    pub(super) fn verb(&self) -> &'a str {
        self.verb
    }

    /// `pods/ephemeralcontainers`.
    pub(super) fn resource(&self) -> &'a str {
        self.resource
    }

    /// The namespace; `None` for the whole cluster.
    pub(super) fn namespace(&self) -> Option<&'a str> {
        self.namespace
    }
}

impl fmt::Display for MissingRight<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.verb, self.resource)?;
        match self.namespace {
            Some(namespace) => write!(formatter, " in namespace {namespace}"),
            None => write!(formatter, " in the whole cluster"),
        }
    }
}

/// How many causes are followed; a custom chain may be a ring.
const DEEPEST: usize = 12;

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source()).take(DEEPEST)
}

/// The causes from outermost to innermost, without the ones that only name a layer or repeat their own cause.
fn causes(error: &(dyn Error + 'static)) -> String {
    const LAYERS: [&str; 6] = [
        "client error (Connect)",
        "client error (SendRequest)",
        "ServiceError",
        "HyperError",
        "tunnel error: failed to create underlying connection",
        "error trying to connect",
    ];
    let texts: Vec<String> = chain(error).map(|cause| cleaned(&cause.to_string())).collect();
    let mut told: Vec<&str> = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let said_later = texts[at + 1..].iter().any(|later| text.contains(later.as_str()) || later == text);
        let only_a_layer = LAYERS.iter().any(|layer| text.starts_with(layer)) && at + 1 < texts.len();
        if !(text.is_empty() || said_later || only_a_layer) {
            told.push(text);
        }
    }
    match told.as_slice() {
        [] => texts.last().cloned().unwrap_or_default(),
        told => told.join(": "),
    }
}

fn advice(error: &(dyn Error + 'static), why: &str) -> &'static str {
    use std::io::ErrorKind;
    let kind = chain(error).filter_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind).last();
    let lower = why.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["expired"]) && says(&["certificate"]) {
        return "a certificate has expired: renew the server's, or your own in the kubeconfig (and check this machine's clock)";
    }
    if says(&["certificate", "unknownissuer", "notvalidforname"]) {
        return "the server's certificate is not the one the kubeconfig expects: check certificate-authority and tls-server-name, or fetch the kubeconfig again";
    }
    if says(&["dns", "lookup", "name or service not known", "nodename nor servname"]) {
        return "the server's name cannot be found: check the VPN, DNS and the context's server";
    }
    if says(&["proxy", "tunnel", "socks"]) {
        return "the proxy stands in the way: check proxy-url, HTTPS_PROXY and NO_PROXY";
    }
    match kind {
        Some(ErrorKind::ConnectionRefused) => {
            "nothing listens there: check that the cluster runs and that the context's server is right"
        }
        Some(ErrorKind::TimedOut) => "nothing answers there: check the network, the VPN and the context's server",
        Some(ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::AddrNotAvailable) => {
            "there is no way to the server: check the network and the VPN"
        }
        Some(
            ErrorKind::ConnectionReset
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionAborted,
        ) => "the connection was cut: the server or something on the way to it was restarted; try again",
        _ => "check the network and the context's server, then try again",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn recorded(title: &str) -> Fault {
        let answers: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/data/recorded/api-answers.json")).unwrap();
        let answer = answers
            .into_iter()
            .find(|answer| answer["title"].as_str().is_some_and(|text| text.starts_with(title)))
            .unwrap_or_else(|| panic!("no answer {title:?}"));
        let status = match &answer["response"]["object"] {
            Value::Null => answer["response"].clone(),
            status => status.clone(),
        };
        Fault::Api(Box::new(serde_json::from_value(status).unwrap()))
    }

    #[test]
    fn a_missing_right_is_named_in_the_hint() {
        let problem = recorded("patch ephemeralcontainers without the right").problem("cannot start a debugger");
        assert_eq!(problem.hint, "ask for the right to patch pods/ephemeralcontainers in namespace demo");
        assert!(problem.why.contains("User \"oncall\" cannot patch"));
    }

    #[test]
    fn pod_security_is_told_apart_from_rights() {
        let problem = recorded("pod security: general profile").problem("cannot start a debugger");
        assert!(problem.hint.contains("profile"), "{problem}");
    }

    #[test]
    fn an_invalid_field_is_named() {
        let problem = recorded("unknown target").problem("cannot start a debugger");
        assert_eq!(problem.hint, "change spec.ephemeralContainers[0].targetContainerName");
    }

    #[test]
    fn an_expired_watch_is_known_by_its_status() {
        assert!(recorded("watch from a compacted").is_expired());
        assert!(!recorded("unknown pod").is_expired());
    }

    #[test]
    fn a_rejected_token_asks_for_a_login() {
        let problem = recorded("invalid token").problem("cannot list pods");
        assert!(problem.hint.contains("log in"), "{problem}");
    }

    #[test]
    fn the_deepest_cause_is_told_once() {
        let refused = std::io::Error::new(
            std::io::ErrorKind::ConnectionRefused,
            std::io::Error::other("tcp connect error: Connection refused"),
        );
        let error = kube::Error::Service(Box::new(refused));
        let problem = Fault::from(error).problem("cannot list pods");
        assert_eq!(problem.why.matches("refused").count(), 1, "{problem}");
        assert!(problem.hint.contains("nothing listens"), "{problem}");
    }

    #[test]
    fn a_page_of_html_is_not_shown() {
        let status = Status::failure("<html><body>502 Bad Gateway</body></html>", "").with_code(502);
        let problem = Fault::Api(Box::new(status)).problem("cannot list pods");
        assert_eq!(problem.why, "the server answered 502 with a web page");
    }
}

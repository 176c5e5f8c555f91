//! `exec` and `attach`: what is asked for, and how a session ends; over websockets and over SPDY. It runs nothing.

mod channels;
pub(super) mod forward;
mod session;
mod upgrade;

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, stream_refused};
use super::call::Call;
use super::log::container;
use crate::demo::node::{ContainerRef, Exit, PodRef, StreamError};
use crate::demo::object::{containers, is_true, text};

use upgrade::Transport;

/// The protocols over websockets, the better one first.
const CHANNELS: &[&str] = &["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// The protocol over SPDY.
const STREAMS: &[&str] = &["v4.channel.k8s.io"];

/// Which streams are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    stdin: bool,
    stdout: bool,
    stderr: bool,
}

impl Wanted {
    fn parse(call: &Call, tty: bool) -> Result<Self, Refusal> {
        let flag = |name| call.query.flag(name);
        let wanted = Self {
            stdin: flag("stdin"),
            stdout: flag("stdout"),
            stderr: flag("stderr") && !tty,
        };
        if !(wanted.stdin || wanted.stdout || wanted.stderr) {
            let message = "you must specify at least 1 of stdin, stdout, stderr";
            return Err(Refusal::bad_request(message));
        }
        Ok(wanted)
    }
}

/// `exec` or `attach`, as the path says.
pub(super) async fn open(
    mut call: Call,
    pod: &Value,
    at: PodRef,
    exec: bool,
) -> Result<Answer, Refusal> {
    let tty = call.query.flag("tty");
    let wanted = Wanted::parse(&call, tty)?;
    let name = container(pod, call.query.text("container"))?;
    if text(pod, "/spec/nodeName").is_empty() {
        let pod = &at.name;
        return Err(Refusal::bad_request(format!(
            "pod {pod} does not have a host assigned"
        )));
    }
    let chosen = upgrade::negotiate(&call, CHANNELS, STREAMS)?;
    let target = ContainerRef {
        pod: at,
        container: name,
    };
    let command: Vec<String> = call.query.all("command").map(str::to_owned).collect();
    let node = &call.server.node;
    let opened = if exec {
        if command.is_empty() {
            return Err(Refusal::bad_request(
                "you must specify at least one command for the container",
            ));
        }
        node.exec(&target, command.clone(), tty).await
    } else {
        // what counts is whether the container has a terminal, not whether the client thinks so
        let spec = containers(pod).find(|(_, one)| text(one, "/name") == target.container);
        let tty = spec.is_some_and(|(_, one)| is_true(one, "/tty"));
        if tty && wanted.stderr {
            return Ok(stream_refused(&StreamError {
                code: 500,
                reason: String::new(),
                message:
                    "rpc error: code = InvalidArgument desc = tty and stderr cannot both be true"
                        .to_owned(),
            }));
        }
        node.attach(&target, tty).await
    };
    let streams = match opened {
        Ok(streams) => streams,
        Err(error) => return Ok(stream_refused(&error)),
    };
    let newest = chosen.protocol == CHANNELS[0];
    match chosen.transport {
        Transport::WebSocket => {
            upgrade::accept_websocket(&mut call, chosen.protocol, move |socket| async move {
                channels::pump(socket, streams, wanted, newest, &command).await;
            })
        }
        Transport::Spdy => Ok(upgrade::accept_spdy(
            &mut call,
            chosen.protocol,
            move |io| async move {
                session::pump(io, streams, wanted, tty, &command).await;
            },
        )),
    }
}

/// `{"Width":80,"Height":24}`.
pub(super) fn terminal_size(frame: &[u8]) -> Option<(u16, u16)> {
    let size: Value = serde_json::from_slice(frame).ok()?;
    let cells = |name: &str| {
        size[name]
            .as_u64()
            .and_then(|side| u16::try_from(side).ok())
    };
    Some((cells("Width")?, cells("Height")?))
}

/// How a session ended, as the last channel says it.
pub(super) fn status(exit: &Exit, newest: bool, command: &[String]) -> Value {
    match exit {
        Exit::Finished | Exit::Code(0) => json!({ "metadata": {}, "status": "Success" }),
        Exit::Code(code) => {
            let said = if newest {
                format!("command terminated with exit code {code}")
            } else {
                format!(
                    "error executing command [{}], exit code {code}",
                    command.join(" ")
                )
            };
            json!({
                "metadata": {},
                "status": "Failure",
                "message": format!("command terminated with non-zero exit code: {said}"),
                "reason": "NonZeroExitCode",
                "details": { "causes": [{ "reason": "ExitCode", "message": code.to_string() }] },
            })
        }
        Exit::Failed(why) => {
            let cause = format!("Internal error occurred: {why}");
            json!({
                "metadata": {},
                "status": "Failure",
                "message": format!("Internal error occurred: {cause}"),
                "reason": "InternalError",
                "details": { "causes": [{ "message": cause }] },
                "code": 500,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_frame_says_how_it_ended() {
        let command = [
            "sh".to_owned(),
            "-c".to_owned(),
            "echo hi;exit 3".to_owned(),
        ];
        let newest = status(&Exit::Code(3), true, &command);
        assert_eq!(
            newest.to_string(),
            r#"{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: command terminated with exit code 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#
        );
        let older = status(&Exit::Code(3), false, &command);
        assert!(
            older["message"]
                .as_str()
                .unwrap()
                .ends_with("[sh -c echo hi;exit 3], exit code 3")
        );
        assert_eq!(
            status(&Exit::Finished, true, &[]).to_string(),
            r#"{"metadata":{},"status":"Success"}"#
        );
    }

    #[test]
    fn a_size_is_read_or_passed_over() {
        assert_eq!(
            terminal_size(b"{\"Width\":80,\"Height\":24}\n"),
            Some((80, 24))
        );
        for wrong in [
            &b""[..],
            b"{}",
            b"{\"Width\":-1,\"Height\":2}",
            b"{\"Width\":70000,\"Height\":2}",
        ] {
            assert_eq!(terminal_size(wrong), None);
        }
    }
}

//! `exec` and `attach` over websockets: channels in frames, as v5 and v4 of the protocol have them; it runs nothing.

pub(super) mod forward;
mod upgrade;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::answer::{Answer, Refusal, stream_refused};
use super::call::Call;
use super::log::container;
use crate::demo::node::{ContainerRef, Exit, Output, PodRef, StreamError, Streams};
use crate::demo::object::{containers, is_true, text};

use upgrade::{Socket, accept};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const RESIZE: u8 = 4;
const CLOSE: u8 = 255;

/// Names of the protocol, the better one first.
const PROTOCOLS: &[&str] = &["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// Which streams are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
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

    fn first_channel(self) -> u8 {
        if self.stdout {
            STDOUT
        } else if self.stderr {
            STDERR
        } else {
            STATUS
        }
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
    let protocol = upgrade::protocol(&call, PROTOCOLS)?;
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
    let has_half_close = protocol == PROTOCOLS[0];
    accept(&mut call, protocol, move |socket| async move {
        pump(socket, streams, wanted, has_half_close, &command).await;
    })
}

/// Carries one session until the process ends or the client is gone.
async fn pump(
    socket: Socket,
    streams: Streams,
    wanted: Wanted,
    has_half_close: bool,
    command: &[String],
) {
    let Streams {
        input,
        mut output,
        resize,
        exit,
    } = streams;
    let (mut sink, mut source) = socket.split();
    let input = wanted.stdin.then_some(input);
    let reader = async move {
        let mut hands = Hands {
            input,
            resize: Some(resize),
            has_half_close,
        };
        while let Some(Ok(message)) = source.next().await {
            let frame = match message {
                Message::Binary(frame) => frame,
                Message::Close(_) | Message::Text(_) => return,
                _ => continue,
            };
            if hands.take(frame).await.is_err() {
                return;
            }
        }
    };
    let writer = async move {
        let hello = Message::Binary(Bytes::copy_from_slice(&[wanted.first_channel()]));
        sink.send(hello).await?;
        while let Some(piece) = output.recv().await {
            let (channel, bytes) = match piece {
                Output::Stdout(bytes) => (STDOUT, bytes),
                Output::Stderr(bytes) => (STDERR, bytes),
            };
            let asked = if channel == STDOUT {
                wanted.stdout
            } else {
                wanted.stderr
            };
            if asked && !bytes.is_empty() {
                sink.send(frame(channel, &bytes)).await?;
            }
        }
        let failed = || Exit::Failed("the node lost sight of the process".to_owned());
        let status = status(
            &exit.await.unwrap_or_else(|_| failed()),
            has_half_close,
            command,
        );
        sink.send(frame(STATUS, status.to_string().as_bytes()))
            .await?;
        let close = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        sink.send(Message::Close(Some(close))).await
    };
    upgrade::until_closed(reader, writer).await;
}

/// One frame of a channel.
fn frame(channel: u8, bytes: &[u8]) -> Message {
    let mut frame = BytesMut::with_capacity(bytes.len() + 1);
    frame.put_u8(channel);
    frame.put_slice(bytes);
    Message::Binary(frame.freeze())
}

/// Where a client's frames go.
struct Hands {
    input: Option<mpsc::Sender<Bytes>>,
    resize: Option<mpsc::Sender<(u16, u16)>>,
    has_half_close: bool,
}

/// The client broke the protocol.
struct Broken;

impl Hands {
    async fn take(&mut self, mut frame: Bytes) -> Result<(), Broken> {
        if frame.is_empty() {
            return Ok(());
        }
        let channel = frame.split_to(1)[0];
        match channel {
            STDIN if !frame.is_empty() => {
                if let Some(input) = &self.input
                    && input.send(frame).await.is_err()
                {
                    // the process closed its input; its output may go on
                    self.input = None;
                }
            }
            RESIZE => {
                if let (Some(size), Some(resize)) = (terminal_size(&frame), &self.resize)
                    && resize.send(size).await.is_err()
                {
                    self.resize = None;
                }
            }
            CLOSE if self.has_half_close => match frame.as_ref() {
                [STDIN] => self.input = None,
                [channel] if *channel <= RESIZE => {}
                _ => return Err(Broken),
            },
            _ => {}
        }
        Ok(())
    }
}

/// `{"Width":80,"Height":24}`.
fn terminal_size(frame: &[u8]) -> Option<(u16, u16)> {
    let size: Value = serde_json::from_slice(frame).ok()?;
    let cells = |name: &str| {
        size[name]
            .as_u64()
            .and_then(|side| u16::try_from(side).ok())
    };
    Some((cells("Width")?, cells("Height")?))
}

/// How a session ended, as the last channel says it.
fn status(exit: &Exit, newest: bool, command: &[String]) -> Value {
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
            let message = format!(
                "Internal error occurred: Internal error occurred: error executing command in container: {why}"
            );
            json!({
                "metadata": {},
                "status": "Failure",
                "message": message,
                "reason": "InternalError",
                "details": { "causes": [{ "message": format!("Internal error occurred: error executing command in container: {why}") }] },
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

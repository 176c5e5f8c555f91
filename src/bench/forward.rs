//! A row of a forwarded port under load, beside kubectl's; it connects to no port but those that it has had forwarded.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use super::target::{Scratch, Target, is_there};
use super::{Bound, Figures, Row, Samples, Unit, milliseconds};

/// How many connections are made at once.
const CROWD: usize = 200;
/// How often.
const ROUNDS: usize = 3;
/// How long before a forward that gave up is started anew.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest that one answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn measure(figures: &mut Figures<'_>, scratch: &Scratch) -> anyhow::Result<()> {
    let plan = figures.plan;
    let target = Target::new(plan, scratch, 0)?;
    let (namespace, name) = match &plan.pod {
        _ if target.is_demo() => ("demo", "service/nodejsapp-svc".to_owned()),
        Some((namespace, pod)) => (namespace.as_str(), format!("pod/{pod}")),
        None => bail!("no pod was named whose port may be forwarded; name one with --pod NAMESPACE/POD"),
    };
    let port = if target.is_demo() { 8000 } else { plan.port };
    let words = |program: OsString, verb: &str| {
        let mut words = vec![program, verb.into()];
        words.extend(target.arguments());
        words.extend(["-n", namespace, &name, &format!(":{port}")].map(OsString::from));
        words
    };
    let theirs = if is_there("kubectl") {
        crowds(&words("kubectl".into(), "port-forward")).ok().and_then(|samples| samples.median())
    } else {
        None
    };
    let ours = crowds(&words(plan.program.clone().into_os_string(), "forward"))?;
    let bound = theirs.map(|theirs| Bound::AtMost(milliseconds(theirs)));
    let note = format!("{CROWD} requests at once, each a connection; {}; bound: kubectl port-forward", ours.spread());
    figures.put(Row::Forward, ours.median().map(milliseconds), Unit::Milliseconds, bound, note);
    Ok(())
}

/// How long crowds take over a port that this command forwards.
fn crowds(words: &[OsString]) -> anyhow::Result<Samples> {
    let until = Instant::now() + PATIENCE;
    let (_forwarding, port) = loop {
        match forwarding(words)? {
            Some(there) => break there,
            // What it leads to may be on its way.
            None if Instant::now() < until => std::thread::sleep(PAUSE),
            None => bail!("the port was not forwarded"),
        }
    };
    let mut samples = Samples::default();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let callers: Vec<_> = (0..CROWD).map(|_| std::thread::spawn(move || call(port))).collect();
        for caller in callers {
            caller.join().map_err(|_| anyhow::anyhow!("a caller broke down"))??;
        }
        samples.push(began.elapsed());
    }
    Ok(samples)
}

/// Starts this command; which port it forwards, or nothing if it gives up.
fn forwarding(words: &[OsString]) -> anyhow::Result<Option<(Forwarding, u16)>> {
    let [program, arguments @ ..] = words else { bail!("there is no command") };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = Forwarding(command.spawn().with_context(|| format!("cannot start {}", program.display()))?);
    let output = child.0.stdout.take().context("the forward has no output")?;
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let Some(port) = lines.find_map(|line| local_port(&line)) else { return Ok(None) };
    // It says each connection: what it says is taken, so that it never waits for it.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(Some((child, port)))
}

/// Reads `Forwarding from 127.0.0.1:40321 -> 8000`.
fn local_port(line: &str) -> Option<u16> {
    let (port, _) = line.strip_prefix("Forwarding from 127.0.0.1:")?.split_once(' ')?;
    port.parse().ok()
}

fn call(port: u16) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    ensure!(!answer.is_empty(), "a connection had no answer");
    Ok(())
}

/// A program that forwards, until this is dropped.
struct Forwarding(Child);

impl Drop for Forwarding {
    fn drop(&mut self) {
        // One that has ended already needs no ending.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_where_both_programs_say_it() {
        assert_eq!(local_port("Forwarding from 127.0.0.1:40321 -> 8000"), Some(40321));
        for other in ["Forwarding from [::1]:40321 -> 8000", "Handling connection for 40321", ""] {
            assert_eq!(local_port(other), None, "{other}");
        }
    }
}

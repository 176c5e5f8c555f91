//! `bathy forward`: ports of a pod, Service or workload on this machine's loopback, without a screen.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;
use tokio::sync::mpsc;

use super::arguments::ForwardArguments;
use super::console::stopped;
use super::guarded::entrance;
use super::{Arguments, Config, say, told};
use crate::cluster::{ForwardTarget, Forwarder};
use crate::runtime::forward::{Forward, ForwardEvent, LOOPBACK, PortPair, forward};

/// Forwards until it is stopped, or nothing is left to forward to.
pub(super) async fn run(options: &ForwardArguments, arguments: &Arguments, config: &Config) -> anyhow::Result<()> {
    let addresses = addresses(&options.address)?;
    let pairs = options.ports.iter().map(|text| {
        PortPair::parse(text)
            .with_context(|| format!("{text:?} is no pair of ports; write it as 8080, 8888:8080, :8080 or 8888:http"))
    });
    let pairs = pairs.collect::<anyhow::Result<Vec<PortPair>>>()?;
    let entrance = entrance(arguments, config).await?;
    let cluster = entrance.connect().await?.on_behalf_of("bathy forward");
    let home = cluster.context().namespace.clone();
    let namespace = arguments.namespace.clone().or(home).unwrap_or_else(|| "default".to_owned());
    let target = ForwardTarget::parse(&options.target, &namespace).with_context(|| {
        format!("{:?} has no ports; name a pod, or TYPE/NAME of a Service or workload", options.target)
    })?;
    let stop = stopped(false)?;
    let forwarder = Forwarder::new(cluster);
    let (tell, mut events) = mpsc::unbounded_channel();
    let mut open = Vec::new();
    for pair in pairs {
        let (tell, index) = (tell.clone(), open.len());
        // Once nothing is listened to any more, nothing is to be told.
        let tell = move |event| drop(tell.send((index, event)));
        let opened = forward(forwarder.clone(), target.clone(), pair.clone(), &addresses, tell).await;
        let opened = opened.map_err(|problem| told(&problem))?;
        announce(&opened, &pair)?;
        // Any free port of ours has its number only now.
        let local = opened.local.first().map(SocketAddr::port).or(pair.local).unwrap_or_default();
        open.push((opened, local, pair.remote.to_string()));
    }
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            _ = tokio::signal::ctrl_c() => return Ok(()),
            Some((index, event)) = events.recv() => match event {
                ForwardEvent::Connected => {
                    let (_, local, _) = &open[index];
                    print(&format!("Handling connection for {local}"))?;
                }
                ForwardEvent::LeadsTo(pod, port) if !options.quiet => {
                    let (_, _, remote) = &open[index];
                    say(&format!("bathy: {remote} leads to port {port} of {}/{}", pod.namespace, pod.name));
                }
                ForwardEvent::LeadsTo(..) => {}
                ForwardEvent::Waiting(problem) => say(&format!("bathy: waiting for it: {:#}", told(&problem))),
                ForwardEvent::Failed(problem) => say(&format!("bathy: {:#}", told(&problem))),
                ForwardEvent::Over(problem) => return Err(told(&problem)),
            },
        }
    }
}

/// Says where it listens, in kubectl's words: scripts wait for them.
fn announce(opened: &Forward, pair: &PortPair) -> anyhow::Result<()> {
    opened.local.iter().try_for_each(|local| print(&format!("Forwarding from {local} -> {}", pair.remote)))
}

fn print(line: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{line}").and_then(|()| output.flush()).context("cannot write to standard output")
}

/// The addresses to listen on: of loopback, whoever asks.
fn addresses(named: &[String]) -> anyhow::Result<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for name in named {
        match name.as_str() {
            "localhost" => addresses.extend(LOOPBACK),
            name => addresses.push(name.parse::<IpAddr>().ok().filter(IpAddr::is_loopback).with_context(|| {
                let (four, six) = (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
                format!("--address: {name:?} is not of loopback; only localhost, {four} and {six} are listened on")
            })?),
        }
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_loopback_is_listened_on() {
        let named = |names: &[&str]| addresses(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(named(&["localhost"]).unwrap(), LOOPBACK);
        assert_eq!(named(&["::1"]).unwrap(), [LOOPBACK[1]]);
        for wrong in ["0.0.0.0", "::", "192.0.2.1", "example.org"] {
            assert!(named(&[wrong]).is_err(), "{wrong}");
        }
    }
}

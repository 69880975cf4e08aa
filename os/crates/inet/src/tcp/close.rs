//! The end of a connection: shutdown(2), close(2), SO_LINGER, connect(2) to AF_UNSPEC.

use super::connection::Wire;
use super::socket::{Bound, Role, Tcp};
use super::{Linger, Shutdown, TcpId, TcpState};
use crate::addr::Endpoint;
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::slab::Key;
use crate::stack::Stack;
use crate::time::Instant;

impl Stack {
    /// shutdown(2). On a listener, `Read` and `Both` stop listening. Errors: `NotConnected`.
    pub fn tcp_shutdown(&mut self, now: Instant, id: TcpId, how: Shutdown) -> Result<()> {
        self.now = now;
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        match &mut tcp.role {
            // It has its effect all the same.
            Role::Idle => {
                tcp.shut_early.0 |= how != Shutdown::Write;
                tcp.shut_early.1 |= how != Shutdown::Read;
                let events = Ready::READ | Ready::WRITE | Ready::HUP | Ready::RDHUP;
                self.wake_tcp(id, events);
                Err(Error::NotConnected)
            }
            Role::Listener(_) => {
                if how != Shutdown::Write {
                    self.listener_stop(id.0);
                    self.wake_tcp(id, Ready::READ | Ready::HUP | Ready::RDHUP);
                }
                Ok(())
            }
            Role::Connection(connection) if connection.detached => Err(Error::NotConnected),
            Role::Connection(connection) if connection.state == TcpState::SynSent => {
                self.tcp_disconnect(now, id)?;
                self.wake_tcp(id, Ready::READ | Ready::WRITE | Ready::HUP | Ready::RDHUP);
                Ok(())
            }
            Role::Connection(connection) => {
                let mut events = Ready::WRITE;
                let mut fin = false;
                if how != Shutdown::Write {
                    connection.shut_read = true;
                    events |= Ready::READ | Ready::RDHUP;
                }
                if how != Shutdown::Read && !connection.shut_write {
                    connection.shut_write = true;
                    connection.corked_until = None;
                    match &mut connection.wire {
                        Wire::Packets(machine) => machine.socket_mut().close(),
                        Wire::Local(_) => fin = true,
                    }
                }
                if connection.shut_write && (connection.shut_read || connection.fin_received) {
                    events |= Ready::HUP;
                }
                self.wake_tcp(id, events);
                if fin {
                    self.local_fin(now, id.0);
                } else {
                    self.tcp.mark_dirty(id.0);
                }
                Ok(())
            }
        }
    }

    /// close(2): the handle is gone. Unaccepted connections of a listener are reset.
    pub fn tcp_close(&mut self, now: Instant, id: TcpId, linger: Linger) {
        self.now = now;
        if self
            .tcp
            .slab
            .get(id.0)
            .is_some_and(|tcp| tcp.listener().is_some())
        {
            self.listener_stop(id.0);
        }
        self.tcp_release_connection(id, linger);
        if let Some(token) = self.tcp.slab.get(id.0).map(|tcp| tcp.token) {
            self.labels_drop(now, token);
        }
        self.tcp_forget(id.0);
    }

    /// First half of a close that lingers: as `tcp_shutdown(Both)`, but resets when there is unread data. `true`: wait for
    /// [`Ready::DRAINED`] or the linger time, then `tcp_close`. `false`: close at once.
    pub fn tcp_linger(&mut self, now: Instant, id: TcpId) -> bool {
        let Some(connection) = self.tcp.slab.get(id.0).and_then(|tcp| tcp.connection()) else {
            return false;
        };
        let ends =
            connection.detached || connection.unread() > 0 || connection.state == TcpState::SynSent;
        if ends || self.tcp_shutdown(now, id, Shutdown::Both).is_err() {
            return false;
        }
        let state = self.tcp.slab.get(id.0).and_then(|tcp| tcp.connection());
        state.is_some_and(|connection| {
            connection.state != TcpState::FinWait2 || connection.unacked() > 0
        })
    }

    /// connect(2) with AF_UNSPEC: resets the connection (or stops listening); the socket is as new but keeps options and an
    /// explicitly bound port.
    pub fn tcp_disconnect(&mut self, now: Instant, id: TcpId) -> Result<()> {
        self.now = now;
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let cut = tcp.connection().is_some_and(|connection| {
            let over = matches!(connection.state, TcpState::Closed | TcpState::TimeWait);
            !connection.detached && !over
        });
        if matches!(tcp.role, Role::Listener(_)) {
            self.listener_stop(id.0);
        } else {
            self.tcp_release_connection(id, Linger::Abort);
        }
        let Some(tcp) = self.tcp.slab.get_mut(id.0) else {
            return Ok(());
        };
        // Linux tells the one who cut a living connection, too.
        tcp.error = cut.then_some(Error::Reset);
        tcp.done = false;
        tcp.shut_early = (false, false);
        if tcp.bound != Bound::Explicit {
            tcp.local = Endpoint::unspecified(tcp.v6);
            tcp.bound = Bound::No;
        }
        Ok(())
    }

    /// Cuts the connection loose from its handle: it ends in the background, under a key of its own.
    fn tcp_release_connection(&mut self, id: TcpId, linger: Linger) {
        let Some(tcp) = self.tcp.slab.get_mut(id.0) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        let gone = connection.detached;
        let silent = connection.state == TcpState::SynSent;
        let unread = connection.unread() > 0;
        if gone || silent {
            if !gone {
                let tuple = connection.tuple;
                self.tcp.demux.remove(&tuple);
                self.tcp.port_unused(tuple.local_port());
            }
            if let Some(tcp) = self.tcp.slab.get_mut(id.0)
                && let Role::Connection(connection) = core::mem::replace(&mut tcp.role, Role::Idle)
            {
                self.release(*connection);
            }
            return;
        }
        match (linger, unread) {
            (Linger::Abort, _) => self.counters.tcp.abort_on_linger += 1,
            (Linger::Background, true) => self.counters.tcp.abort_on_close += 1,
            (Linger::Background, false) => {}
        }
        // TCP_LINGER2 below zero: no FIN-WAIT-2 without a descriptor.
        let unwilling = tcp.options.fin_wait2.is_none() && connection.state == TcpState::FinWait2;
        let crowded = self.tcp.orphans >= self.config.max_orphans;
        if linger == Linger::Background && !unread && unwilling {
            self.counters.tcp.abort_on_linger += 1;
        }
        let abort = linger == Linger::Abort
            || unread
            || unwilling
            || crowded
            || connection.state == TcpState::SynReceived;
        let is_local = match &mut connection.wire {
            Wire::Local(_) => true,
            Wire::Packets(machine) => {
                if abort {
                    machine.socket_mut().abort();
                } else {
                    machine.socket_mut().close();
                }
                false
            }
        };
        let fin = connection.state.may_send();
        connection.shut_read = true;
        connection.shut_write = true;
        connection.corked_until = None;
        connection.orphaned = true;
        self.tcp.orphans += 1;
        // A bucket entry stays with the connection: the port is taken as long as it lives.
        let orphan = Tcp {
            v6: tcp.v6,
            orphan: true,
            token: 0,
            options: tcp.options,
            local: tcp.local,
            bound: tcp.bound,
            role: core::mem::replace(&mut tcp.role, Role::Idle),
            error: None,
            done: true,
            shut_early: (false, false),
            filter: tcp.filter.clone(),
            fast_keys: None,
            saved_syn: None,
            additions: tcp.additions.clone(),
            pending: Ready::NONE,
        };
        let (tuple, port, bound) = match orphan.connection() {
            Some(connection) => (connection.tuple, orphan.local.port, orphan.bound),
            None => return,
        };
        self.tcp.filtered += usize::from(orphan.filter.is_some());
        let key = self.tcp.slab.insert(orphan);
        self.tcp.demux.insert(tuple, key);
        if bound == Bound::Explicit {
            self.tcp.put_in_bucket(port, key);
        }
        if let Some(connection) = self
            .tcp
            .slab
            .get_mut(key)
            .and_then(|tcp| tcp.connection_mut())
        {
            connection.dirty = false;
            // Its entries in the deadline index carry the old key.
            connection.armed = None;
        }
        if is_local {
            self.local_moved(id.0, key);
            if abort {
                self.local_abort(key);
            } else if fin {
                self.local_fin(self.now, key);
            }
            self.connection_orphaned(self.now, key);
            return self.connection_arm(self.now, key);
        }
        self.connection_orphaned(self.now, key);
        self.tcp.mark_dirty(key);
    }

    /// An orphan in FIN-WAIT-2 waits for the peer's FIN as long as TCP_LINGER2 says, or not at all (tcp(7)).
    pub(crate) fn connection_orphaned(&mut self, now: Instant, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let patience = tcp.options.fin_wait2;
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        if connection.state != TcpState::FinWait2 || !tcp.orphan {
            return;
        }
        match patience {
            Some(patience) => connection.fin_wait_until = Some(now + patience),
            None => {
                self.counters.tcp.abort_on_data += 1;
                self.connection_reset(key);
            }
        }
    }
}

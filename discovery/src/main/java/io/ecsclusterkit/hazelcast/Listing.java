package io.ecsclusterkit.hazelcast;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What is kept of one site's list: the addresses of the cluster's servers, and this server if it is among them. */
final class Listing {

    private final List<String> addresses;
    private final Server self;

    private Listing(List<String> addresses, Server self) {
        this.addresses = List.copyOf(addresses);
        this.self = self;
    }

    /** Servers without an address in the network are left out. */
    static Listing of(Collection<Server> servers, Network network, Myself myself) {
        List<Server> reachable = new ArrayList<>(servers.size());
        List<String> addresses = new ArrayList<>(servers.size());
        for (Server server : servers) {
            network.addressOf(server).ifPresent(address -> {
                reachable.add(server);
                addresses.add(address);
            });
        }
        return new Listing(addresses, myself.among(reachable).orElse(null));
    }

    List<String> addresses() {
        return addresses;
    }

    Optional<Server> self() {
        return Optional.ofNullable(self);
    }
}

package io.ecsclusterkit.hazelcast;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** This server, as it knows itself: by its metadata service where that may be asked, and by its addresses. */
final class Myself {

    private final MetadataApi metadata;
    private final String memberAddress;
    private final Set<String> addresses;
    private volatile Identity identity;

    /**
     * @param metadata the metadata service, or null when it may not be asked
     * @param memberAddress the address this member is known by; null for a client
     */
    Myself(MetadataApi metadata, String memberAddress) {
        this.metadata = metadata;
        this.memberAddress = memberAddress;
        this.addresses = localAddresses();
        if (memberAddress != null) {
            addresses.add(memberAddress);
        }
    }

    private static Set<String> localAddresses() {
        Set<String> found = new TreeSet<>();
        try {
            NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses)
                    .filter(Inet4Address.class::isInstance).map(InetAddress::getHostAddress).forEach(found::add);
        } catch (SocketException e) {
            // The member's own address is known anyway.
        }
        return found;
    }

    /** Whether this is a member, and so has to be in the list; a client may run anywhere. */
    boolean isMember() {
        return memberAddress != null;
    }

    boolean mayAskMetadata() {
        return metadata != null;
    }

    /** What metadata says; asked until it has answered once. */
    Identity identity(Deadline deadline) throws CloudException {
        if (identity == null) {
            identity = metadata.identity(deadline);
        }
        return identity;
    }

    /** Asks metadata once, if it may be asked and has not answered yet; no matter if it fails. */
    void learn(Deadline deadline) {
        try {
            if (metadata != null) {
                identity(deadline);
            }
        } catch (CloudException e) {
            // Whoever needs it asks again and says why it cannot be had.
        }
    }

    /** What metadata has said so far. */
    Optional<Identity> knownIdentity() {
        return Optional.ofNullable(identity);
    }

    /**
     * This server among those of a list: by its id, else by the member's address, else by any address of this machine. (In
     * this order, because some addresses are on many machines: those of container bridges.)
     */
    Optional<Server> among(Collection<Server> servers) {
        String id = identity == null ? null : identity.instanceId();
        return first(servers, server -> server.id().equals(id))
                .or(() -> first(servers, server -> hasAddress(server, Set.of(address()))))
                .or(() -> first(servers, server -> hasAddress(server, addresses)));
    }

    private static Optional<Server> first(Collection<Server> servers, Predicate<Server> wanted) {
        return servers.stream().filter(wanted).findFirst();
    }

    private static boolean hasAddress(Server server, Set<String> wanted) {
        return server.addresses().stream().anyMatch(address -> wanted.contains(address.ip()));
    }

    /** The address other members reach this one at. */
    String address() {
        return memberAddress != null ? memberAddress
                : addresses.stream().filter(ip -> !ip.startsWith("127.")).findFirst().orElse("127.0.0.1");
    }

    @Override
    public String toString() {
        return identity == null || identity.instanceId() == null ? address() : address() + ", " + identity.instanceId();
    }
}

package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.InvalidConfigurationException;

import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which of a server's private addresses members talk to each other on. */
final class Network {

    /** The VPC in which the server was created. */
    static final Network OWN = new Network("the server's own VPC", Network::inOwnVpc);

    private static final Pattern CIDR = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,3}){3})/(\\d{1,2})");
    private static final Pattern LOOKS_LIKE_ADDRESS = Pattern.compile("[0-9./:]+");
    private static final int BITS = 32;

    private final String name;
    private final BiPredicate<Server, Server.Address> wanted;

    private Network(String name, BiPredicate<Server, Server.Address> wanted) {
        this.name = name;
        this.wanted = wanted;
    }

    /**
     * Reads a CIDR or the id of a VPC.
     *
     * @throws InvalidConfigurationException when it looks like an address range but is none
     */
    static Network parse(String text) {
        Matcher cidr = CIDR.matcher(text);
        if (cidr.matches()) {
            long base = number(cidr.group(1));
            int length = Integer.parseInt(cidr.group(2));
            if (base >= 0 && length <= BITS) {
                return new Network(text, (server, address) -> sameNetwork(base, number(address.ip()), length));
            }
        }
        if (LOOKS_LIKE_ADDRESS.matcher(text).matches()) {
            throw new InvalidConfigurationException("network '" + text + "' is neither a CIDR like '10.0.0.0/16' nor the id of a VPC.");
        }
        return new Network("VPC " + text, (server, address) -> text.equals(address.vpc()));
    }

    /** The first of the server's addresses in this network. */
    Optional<String> addressOf(Server server) {
        return server.addresses().stream().filter(address -> wanted.test(server, address))
                .map(Server.Address::ip).findFirst();
    }

    @Override
    public String toString() {
        return name;
    }

    private static boolean inOwnVpc(Server server, Server.Address address) {
        String own = server.vpc() == null ? server.addresses().get(0).vpc() : server.vpc();
        return own.equals(address.vpc());
    }

    private static boolean sameNetwork(long base, long ip, int length) {
        long mask = -1L << (BITS - length);
        return (base & mask) == (ip & mask);
    }

    /** An IPv4 address as a number; -1, which no mask makes equal to any network, when it is none. */
    private static long number(String ip) {
        long number = 0;
        for (String part : ip.split("\\.", -1)) {
            if (!part.matches("\\d{1,3}") || Integer.parseInt(part) > 255) {
                return -1;
            }
            number = number << 8 | Integer.parseInt(part);
        }
        return number;
    }
}

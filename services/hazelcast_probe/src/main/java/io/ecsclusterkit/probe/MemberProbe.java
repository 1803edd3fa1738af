package io.ecsclusterkit.probe;

import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.client.config.ClientConnectionStrategyConfig.ReconnectMode;
import com.hazelcast.cluster.Member;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One client that talks to one member only: no smart routing, which would go round the member that is asked, and no
 * reconnecting, which would find another one.
 */
final class MemberProbe {

    private static final int CONNECT_MILLIS = 3000;

    private final String address;
    private volatile HazelcastInstance client;
    private volatile String error;
    private volatile String writeError = "nothing was written in time";
    private volatile List<Map<String, Object>> sees = List.of();

    MemberProbe(String address) {
        this.address = address;
    }

    String address() {
        return address;
    }

    /** Connects and asks for the member list; what goes wrong becomes {@link #error()}. */
    void connect(String clusterName, long millis) {
        try {
            reach((int) Math.min(CONNECT_MILLIS, millis));
            client = HazelcastClient.newHazelcastClient(config(clusterName, millis));
            sees = memberList();
        } catch (SocketTimeoutException e) {
            error = "no answer: is the port open in the security group?";
        } catch (IOException e) {
            error = "cannot connect: " + reason(e);
        } catch (IllegalStateException e) {
            error = "connections are accepted but not this client: is a member of cluster '" + clusterName + "' there, and up?";
        } catch (Exception e) {
            // The client throws what its signature does not name, an InterruptedException for one.
            error = e instanceof InterruptedException ? null : reason(e);
        }
    }

    /** The client keeps quiet about why it cannot connect, so the plain connection is tried first. */
    private void reach(int millis) throws IOException {
        int colon = address.lastIndexOf(':');
        String host = address.substring(0, colon).replaceAll("[\\[\\]]", "");
        InetSocketAddress target = new InetSocketAddress(host, Integer.parseInt(address.substring(colon + 1)));
        if (target.isUnresolved()) {
            throw new IOException("the name cannot be resolved");
        }
        try (Socket socket = new Socket()) {
            socket.connect(target, millis);
        }
    }

    private ClientConfig config(String clusterName, long millis) {
        ClientConfig config = new ClientConfig();
        config.setClusterName(clusterName);
        // Standard output belongs to the answer.
        config.setProperty("hazelcast.logging.type", "none");
        config.setProperty("hazelcast.client.invocation.timeout.seconds", Long.toString(Math.max(1, millis / 1000)));
        config.getNetworkConfig().addAddress(address).setSmartRouting(false).setConnectionTimeout(CONNECT_MILLIS);
        config.getConnectionStrategyConfig().setReconnectMode(ReconnectMode.OFF)
                .getConnectionRetryConfig().setClusterConnectTimeoutMillis(Math.min(CONNECT_MILLIS, millis));
        return config;
    }

    private List<Map<String, Object>> memberList() {
        List<Map<String, Object>> members = new ArrayList<>();
        for (Member member : client.getCluster().getMembers()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("address", member.getAddress().getHost() + ":" + member.getAddress().getPort());
            entry.put("uuid", member.getUuid().toString());
            entry.put("version", member.getVersion().toString());
            entry.put("lite", member.isLiteMember());
            members.add(entry);
        }
        return members;
    }

    /** Writes this member's value; what goes wrong becomes {@link #writeError()}. */
    void write(String map, String value) {
        try {
            map(map).set(address, value);
            writeError = null;
        } catch (RuntimeException e) {
            writeError = reason(e);
        }
    }

    /** Reads the value that was written through another member and says what is wrong with it, or null. */
    String read(String map, MemberProbe writer, String value) {
        try {
            String found = map(map).get(writer.address);
            return value.equals(found) ? null : found == null ? "the value is not there" : "another value is there";
        } catch (RuntimeException e) {
            return "cannot be read: " + reason(e);
        }
    }

    /** Removes the map and says whether that worked. */
    boolean destroy(String map) {
        try {
            map(map).destroy();
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }

    private IMap<String, String> map(String name) {
        return client.getMap(name);
    }

    void shutdown() {
        if (client != null) {
            client.shutdown();
        }
    }

    boolean connected() {
        return client != null && error == null;
    }

    /** Why the member could not be asked, if it could not. */
    String error() {
        return error != null ? error : "no answer in time";
    }

    /** Why nothing was written through it, or null. */
    String writeError() {
        return writeError;
    }

    List<Map<String, Object>> sees() {
        return sees;
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}

package io.ecsclusterkit.hazelcast;

import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.cluster.Member;
import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

/** Real Hazelcast members that find each other through the strategy. */
@Timeout(60)
class RealMembersTest {

    private final Members members = new Members();
    private final Rig rig = members.rig;
    private final int firstPort = members.firstPort;

    @AfterEach
    void close() {
        members.close();
    }

    @Test
    void membersOnOneServerFormOneClusterAndAClientFindsIt() {
        rig.agency().set("port", members.ports(), "tag-key", "hazelcast").here().tag("hazelcast", "a");
        List<HazelcastInstance> three = Members.start(
                List.of(members.config(firstPort), members.config(firstPort + 1), members.config(firstPort + 2)));
        for (HazelcastInstance member : three) {
            assertEquals(3, member.getCluster().getMembers().size());
            for (Member seen : member.getCluster().getMembers()) {
                assertEquals("lab-north-1/lab-north-1a", seen.getAttribute("hazelcast.partition.group.zone"));
            }
        }
        three.get(0).getMap("m").put("k", "v");
        ClientConfig client = new ClientConfig().setClusterName(Members.CLUSTER);
        client.getNetworkConfig().getDiscoveryConfig().addDiscoveryStrategyConfig(members.strategy());
        client.setProperty("hazelcast.discovery.enabled", "true");
        HazelcastInstance found = HazelcastClient.newHazelcastClient(client);
        assertEquals("v", found.getMap("m").get("k"));
        found.shutdown();
    }

    @Test
    void membersInThreeZonesFormOneClusterThoughMetadataIsDown() {
        rig.keys().metadata().set("port", members.ports(), "tag-key", "hazelcast", "tag-value", "a");
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.path.startsWith("/openstack/")) {
                FakeCloud.answer(exchange, 503, "");
                return true;
            }
            return false;
        };
        List<Config> configs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String address = "127.0.0." + (i + 1);
            rig.cloud.add(Rig.REGION, FakeServer.at(address).tag("hazelcast", "a").zone("lab-north-1" + "abc".charAt(i)));
            configs.add(members.config(firstPort + i).setProperty("hazelcast.local.localAddress", address));
        }
        for (HazelcastInstance member : Members.start(configs)) {
            Set<String> zones = member.getCluster().getMembers().stream()
                    .map(seen -> seen.getAttribute("hazelcast.partition.group.zone")).collect(Collectors.toSet());
            assertEquals(Set.of("lab-north-1/lab-north-1a", "lab-north-1/lab-north-1b", "lab-north-1/lab-north-1c"), zones);
        }
    }

    @Test
    void aMemberWhoseApiIsDownDoesNotStart() {
        rig.keys().set("discovery-deadline-seconds", "1").here();
        rig.cloud.down();
        assertThrows(IllegalStateException.class, () -> Hazelcast.newHazelcastInstance(members.config(firstPort)));
    }

    @Test
    void anUnknownPropertyFailsTheStart() {
        rig.keys().set("acces-key", "x").here();
        RuntimeException e = assertThrows(RuntimeException.class, () -> Hazelcast.newHazelcastInstance(members.config(firstPort)));
        assertEquals("Unknown properties: '[acces-key]' on discovery strategy", e.getCause().getMessage());
    }

    @Test
    void aContradictionFailsTheStartWithItsSentence() {
        rig.keys().here();
        rig.properties.remove("secret-key");
        RuntimeException e = assertThrows(RuntimeException.class, () -> Hazelcast.newHazelcastInstance(members.config(firstPort)));
        assertEquals("access-key is given without secret-key (or secret-key-file).", e.getCause().getMessage());
    }
}
